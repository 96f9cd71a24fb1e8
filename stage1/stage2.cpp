// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/stage2.hpp"

#include "cpu/instructions.hpp"
#include "stage1/debug.hpp"

extern "C" {
extern const std::byte stage2_blob[]; // of stage2_blob.asm
extern const std::byte stage2_blob_end[];
}

namespace baton {
namespace {

/// Both are identity-mapped.
[[noreturn]] void call_stage2(PhysAddr entry64, const BatonHandoff& record) {
    using Entry = uint32_t (*)(const BatonHandoff*);
    reinterpret_cast<Entry>(entry64.value)(&record);
    cpu::halt(); // it returns only from a record that is wrong, and HandoffBuilder makes none
}

} // namespace

Bytes stage2_bytes() {
    return {stage2_blob, stage2_blob_end};
}

Error boot(const HandoffBuilder::Given& given, PhysAddr stage1_base) {
    if (given.entry.debug == Debug::wait) {
        given.log.line(Text().add("waiting for a debugger: its `baton break` ends that"));
        wait_for_debugger(stage1_base);
    }
    HandoffBuilder builder(given);
    if (const auto built = builder.build(); !built)
        return built.error();
    publish_for_debugger(stage1_base, builder);
    const auto record = builder.leave();
    if (!record)
        return record.error();
    call_stage2(builder.stage2().entry64(), **record);
}

} // namespace baton

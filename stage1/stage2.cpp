// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/stage2.hpp"

extern "C" {
extern const std::byte stage2_blob[]; // of stage2_blob.asm
extern const std::byte stage2_blob_end[];
}

namespace baton {

Bytes stage2_bytes() {
    return {stage2_blob, stage2_blob_end};
}

void call_stage2(PhysAddr entry64, const BatonHandoff& record) {
    using Entry = uint32_t (*)(const BatonHandoff*);
    reinterpret_cast<Entry>(entry64.value)(&record);
    for (;;) // it returns only from a record that is wrong, and HandoffBuilder makes none
        asm volatile("cli; hlt");
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Other processors: what the kernel and stage 2 get.
#include "abi/boot_info.hpp"
#include "boot/fake_boot.hpp"
#include "core/limits.hpp"
#include "support/page_walker.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kText = 0xffff'ffff'8000'0000;
constexpr uint64_t kApic = 0xfee0'0000;
constexpr PageKind kUncacheable{true, false, false, MemoryType::uncacheable};

class ProcessorsTest : public testing::Test, protected FakeBoot {
  protected:
    ProcessorsTest() {
        processor_.apic = {.id = 4, .registers = {kApic}, .is_on = true, .has_x2apic = true};
        platform_.listed = {listed(0), listed(4), listed(2), listed(7)};
        entry_.processors = kMostProcessors;
        use_kernel(kText);
    }
    static acpi::Processor listed(uint32_t id, bool enabled = true) {
        return {.id = id, .uid = id + 100, .numa_domain = id + 200, .enabled = enabled};
    }
    /// Two pages of text.
    static ElfBuilder kernel(uint64_t address) {
        return ElfBuilder().entry(address).load(
            {.vaddr = address, .memory_bytes = 0x2000, .file_bytes = 0x2000, .offset = 0});
    }
    void use_kernel(uint64_t address) {
        platform_.files["\\kernel"] = kernel(address).build(0x3000);
        entry_.protocol = KernelProtocol::plain;
    }
    /// With a request.
    void request(uint64_t value0, uint64_t value1, uint32_t flags, uint64_t address = kText) {
        platform_.files["\\kernel"] = with_note(
            kernel(address),
            {6, 20, BATON_REQUEST_PROCESSORS, BATON_REQUEST_OWNER, flags, {value0, value1}});
        entry_.protocol = KernelProtocol::unset;
        entry_.processors.reset();
    }

    PageWalker walker() {
        return PageWalker([this](uint64_t physical) { return platform_.read(physical); },
                          handoff_->page_table_root, 0x0007'0406'0007'0406);
    }
    std::optional<PageKind> kind_of(uint64_t address) {
        const auto translation = walker().translate(address);
        return translation ? std::optional(translation->kind) : std::nullopt;
    }
    const std::byte* at(uint64_t address) {
        return platform_.dryable.access({walker().translate(address).value().physical});
    }
    BootInfoView info() {
        return BootInfoView(*reinterpret_cast<const BatonBootInfo*>(at(handoff_->boot_info)));
    }
    /// Of a processor of BootInfo: the array lies in the direct map.
    const BatonProcessor& processor(uint32_t index) {
        return reinterpret_cast<const BatonProcessor*>(at(info().record().processors))[index];
    }
    std::span<const BatonHandoffProcessor> started() { return boot_->stage2.handoff.processors; }
    std::vector<uint32_t> started_ids() {
        std::vector<uint32_t> ids;
        for (const BatonHandoffProcessor& processor : started())
            ids.push_back(processor.apic_id);
        return ids;
    }
    std::vector<uint32_t> states() {
        std::vector<uint32_t> states;
        for (uint32_t i = 0; i < info().record().processor_count; ++i)
            states.push_back(processor(i).state);
        return states;
    }
    bool was_logged(std::string_view text) const {
        return lines_.all.find(text) != std::string::npos;
    }
    /// With warning, and as if nothing were requested; but an error if it is required.
    void expect_alone(std::string_view error, uint64_t kernel_address = kText) {
        const std::string start = "error: " + std::string(error) + ": ";
        request(BATON_PROCESSORS_PARKED, 0, 0, kernel_address);
        ASSERT_EQ(try_boot(), "good");
        EXPECT_TRUE(was_logged("warning: the other processors aren't started: error: " +
                               std::string(error)))
            << lines_.all;
        EXPECT_EQ(handoff_->processor_count, 0u);
        EXPECT_EQ(handoff_->processors | handoff_->trampoline | handoff_->local_apic, 0u);
        EXPECT_EQ(states()[1], uint32_t{BATON_PROCESSOR_NOT_REQUESTED});
        EXPECT_EQ(processor(1).stack_bytes, 0u);
        platform_.restart();
        request(BATON_PROCESSORS_PARKED, 0, BATON_REQUEST_REQUIRED, kernel_address);
        EXPECT_EQ(try_boot().substr(0, start.size()), start);
        platform_.restart();
    }
};

TEST_F(ProcessorsTest, AreListedWithThatOfTheKernelFirst) {
    entry_.processors.reset();
    platform_.listed.push_back(listed(9, false));
    ASSERT_EQ(try_boot(), "good");
    ASSERT_EQ(info().record().processor_count, 5u);
    const uint32_t ids[] = {4, 0, 2, 7, 9};
    for (uint32_t i = 0; i < 5; ++i) {
        EXPECT_EQ(processor(i).apic_id, ids[i]);
        EXPECT_EQ(processor(i).acpi_uid, ids[i] + 100);
        EXPECT_EQ(processor(i).numa_domain, ids[i] + 200);
        EXPECT_EQ(processor(i).number, i);
        EXPECT_EQ(processor(i).flags, i == 0 ? BATON_PROCESSOR_BOOT : 0);
        EXPECT_EQ(processor(i).go | processor(i).argument | processor(i).parked_tsc, 0u);
        EXPECT_EQ(processor(i).stack_bytes, i == 0 ? info().record().stack_bytes : 0u);
    }
    EXPECT_EQ(processor(0).stack_base, info().record().stack_base);
    EXPECT_EQ(states(),
              (std::vector<uint32_t>{BATON_PROCESSOR_ONLINE, BATON_PROCESSOR_NOT_REQUESTED,
                                     BATON_PROCESSOR_NOT_REQUESTED, BATON_PROCESSOR_NOT_REQUESTED,
                                     BATON_PROCESSOR_DISABLED}));
    EXPECT_EQ(handoff_->processor_count, 0u);
    EXPECT_FALSE(kind_of(kApic));
}

TEST_F(ProcessorsTest, OfAMachineWithoutTablesIsThatOfTheKernel) {
    platform_.listed.clear();
    ASSERT_EQ(try_boot(), "good");
    ASSERT_EQ(info().record().processor_count, 1u);
    EXPECT_EQ(processor(0).apic_id, 4u);
    EXPECT_EQ(processor(0).state, uint32_t{BATON_PROCESSOR_ONLINE});
    EXPECT_EQ(handoff_->processor_count, 0u);
}

TEST_F(ProcessorsTest, ThatAreStartedAreTheEnabledOnes) {
    platform_.listed[2].enabled = false;
    platform_.listed.push_back(listed(9));
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(started_ids(), (std::vector<uint32_t>{0, 7, 9}));
    EXPECT_EQ(started()[0].number, 1u);
    EXPECT_EQ(started()[1].number, 3u);
    EXPECT_EQ(states()[2], uint32_t{BATON_PROCESSOR_DISABLED});
    EXPECT_EQ(states()[1], uint32_t{BATON_PROCESSOR_NO_ANSWER}) << "until stage 2 says more";
    EXPECT_EQ(states()[3], uint32_t{BATON_PROCESSOR_NO_ANSWER});
    EXPECT_TRUE(was_logged("5 processors, 3 to be started by xAPIC; trampoline at 0x9e000"));
}

TEST_F(ProcessorsTest, ThatAreStartedAreAsManyAsTheEntrySays) {
    for (const uint32_t count : {1u, 2u, 3u, 4u, 5u}) {
        platform_.restart();
        entry_.processors = count;
        ASSERT_EQ(try_boot(), "good");
        EXPECT_EQ(started().size(), std::min(count - 1, 3u));
        EXPECT_EQ(handoff_->processor_count, started().size());
        EXPECT_EQ(std::ranges::count(states(), uint32_t{BATON_PROCESSOR_NOT_REQUESTED}),
                  3 - static_cast<int>(started().size()));
    }
}

TEST_F(ProcessorsTest, TheEntryOverridesTheRequest) {
    request(BATON_PROCESSORS_PARKED, 0, BATON_REQUEST_REQUIRED);
    entry_.processors = 1;
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->processor_count, 0u);
    platform_.restart();
    entry_.processors = 2;
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->processor_count, 1u);
    EXPECT_EQ(handoff_->processor_flags, BATON_PROCESSORS_REQUIRED);
    platform_.restart();
    request(BATON_PROCESSORS_NONE, 0, 0);
    entry_.processors = 2;
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->processor_count, 1u);
    EXPECT_EQ(handoff_->processor_flags, 0u);
}

TEST_F(ProcessorsTest, StartInATrampolineBelow640KiB) {
    ASSERT_EQ(try_boot(), "good");
    const uint64_t page = handoff_->trampoline;
    EXPECT_EQ(page, DryableFrames::kLowPage);
    EXPECT_EQ(kind_of(page), kReadExecute);
    EXPECT_EQ(walker().translate(page)->physical, page);
    const auto header = read_at<BatonStage2Header>(stage2_, 0);
    const Bytes code = Bytes(stage2_).subspan(header.trampoline_offset, header.trampoline_bytes);
    const auto& copy = platform_.dryable.low_page;
    EXPECT_TRUE(std::ranges::equal(code, Bytes(copy).first(code.size())));
    EXPECT_TRUE(std::ranges::all_of(Bytes(copy).subspan(code.size()),
                                    [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_F(ProcessorsTest, DoNotStartWithATrampolineThatIsNone) {
    auto header = read_at<BatonStage2Header>(stage2_, 0);
    const auto try_with = [&](uint32_t offset, uint32_t bytes) {
        header.trampoline_offset = offset;
        header.trampoline_bytes = bytes;
        std::memcpy(stage2_.data(), &header, sizeof header);
        return try_boot();
    };
    const auto end = static_cast<uint32_t>(stage2_.size());
    constexpr std::string_view kError = "error: stage2_mismatch";
    EXPECT_EQ(try_with(0x1000, 1025).substr(0, kError.size()), kError);
    EXPECT_EQ(try_with(end - 511, 512).substr(0, kError.size()), kError);
    EXPECT_EQ(try_with(end + 1, 0).substr(0, kError.size()), kError);
    EXPECT_EQ(try_with(~0u, 1024).substr(0, kError.size()), kError);
    platform_.restart();
    EXPECT_EQ(try_with(end - 1024, 1024), "good");
}

TEST_F(ProcessorsTest, HaveZeroedAreasAtMultiplesOfTheirSize) {
    ASSERT_EQ(try_boot(), "good");
    uint64_t last = 0;
    for (const BatonHandoffProcessor& processor : started()) {
        EXPECT_EQ(processor.area % BATON_PROCESSOR_AREA_BYTES, 0u);
        EXPECT_LE(processor.area + BATON_PROCESSOR_AREA_BYTES, k4GiB.value);
        EXPECT_GE(processor.area, last);
        last = processor.area + BATON_PROCESSOR_AREA_BYTES;
        for (uint64_t at = processor.area; at < last; at += 8) {
            EXPECT_EQ(kind_of(at), kReadWrite);
            EXPECT_EQ(platform_.read(at), 0u);
        }
    }
}

TEST_F(ProcessorsTest, HaveStacksBetweenPagesThatAreNotMapped) {
    for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{8192}}) {
        request(BATON_PROCESSORS_PARKED, bytes, BATON_REQUEST_REQUIRED);
        ASSERT_EQ(try_boot(), "good");
        const uint64_t expected =
            bytes == 0 ? info().record().stack_bytes : align_up(bytes, kPageBytes);
        std::vector<uint64_t> frames = {walker().translate(info().record().stack_base)->physical};
        for (const BatonHandoffProcessor& processor : started()) {
            EXPECT_EQ(processor.stack_top - processor.stack_base, expected);
            EXPECT_FALSE(kind_of(processor.stack_base - 1));
            EXPECT_FALSE(kind_of(processor.stack_top));
            for (uint64_t at = processor.stack_base; at < processor.stack_top; at += kPageBytes) {
                ASSERT_EQ(kind_of(at), kReadWrite);
                frames.push_back(walker().translate(at)->physical);
            }
            EXPECT_EQ(this->processor(processor.number).stack_base, processor.stack_base);
            EXPECT_EQ(this->processor(processor.number).stack_bytes, expected);
        }
        std::ranges::sort(frames);
        EXPECT_EQ(std::ranges::adjacent_find(frames), frames.end()) << "each page once";
        platform_.restart();
    }
}

TEST_F(ProcessorsTest, AndStage2ShareWordsInBootInfo) {
    ASSERT_EQ(try_boot(), "good");
    for (const BatonHandoffProcessor& processor : started()) {
        const uint64_t record =
            info().record().processors + processor.number * sizeof(BatonProcessor);
        EXPECT_EQ(processor.record, record);
        EXPECT_EQ(processor.go, record + offsetof(BatonProcessor, go));
        EXPECT_EQ(processor.outcome, record + offsetof(BatonProcessor, state));
        EXPECT_EQ(processor.parked_tsc, record + offsetof(BatonProcessor, parked_tsc));
    }
    const PhysRange array{{handoff_->processors}, started().size_bytes()};
    EXPECT_TRUE(boot_->stage2.handoff.memory.pages().contains(array.base));
    EXPECT_LE(array.end(), boot_->stage2.handoff.memory.pages().end());
    EXPECT_EQ(kind_of(handoff_->processors), kReadOnly);
    EXPECT_EQ(handoff_->processor_entry_bytes, sizeof(BatonHandoffProcessor));
    EXPECT_EQ(handoff_->processor_wait_ms, 5000u);
    EXPECT_EQ(handoff_->processor_number, 0u);
    EXPECT_LT(handoff_->page_table_root, k4GiB.value);
}

TEST_F(ProcessorsTest, AreReachedByTheRegistersOfTheLocalApic) {
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->local_apic, kApic);
    EXPECT_EQ(kind_of(kApic), kUncacheable);
    EXPECT_EQ(info().record().processor_flags, 0u);
}

TEST_F(ProcessorsTest, AreReachedByX2apicWhereTheFirmwareLeftItOn) {
    processor_.apic.x2apic_is_on = true;
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->local_apic, 0u);
    EXPECT_FALSE(kind_of(kApic));
    EXPECT_EQ(info().record().processor_flags, BATON_PROCESSORS_X2APIC);
    platform_.restart();
    entry_.processors = 1;
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(info().record().processor_flags, BATON_PROCESSORS_X2APIC);
}

TEST_F(ProcessorsTest, AreReachedByX2apicWhereAnIdNeedsIt) {
    platform_.listed.push_back(listed(254));
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->local_apic, kApic);
    platform_.restart();
    platform_.listed.push_back(listed(255));
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->local_apic, 0u);
    EXPECT_EQ(info().record().processor_flags, BATON_PROCESSORS_X2APIC);
    platform_.restart();
    entry_.processors = 4; // without that one
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->local_apic, kApic);
    processor_.apic.has_x2apic = false;
    platform_.restart();
    expect_alone("x2apic_missing");
}

TEST_F(ProcessorsTest, AreReachedByX2apicWhereTheKernelIsAtTheRegisters) {
    use_kernel(kApic - 0x1000);
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->local_apic, 0u);
    EXPECT_EQ(kind_of(kApic), kReadExecute);
    processor_.apic.has_x2apic = false;
    platform_.restart();
    expect_alone("x2apic_missing", kApic - 0x1000);
}

TEST_F(ProcessorsTest, OfAFirmwareAreReachedByItsMailbox) {
    platform_.mailbox = {0x7fff'0000};
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->mailbox, 0x7fff'0000u);
    EXPECT_EQ(kind_of(0x7fff'0000), kReadWrite);
    EXPECT_TRUE(was_logged("3 to be started by the firmware's mailbox"));
    platform_.restart();
    expect_alone("request_not_met", 0x7fff'0000);
}

TEST_F(ProcessorsTest, NeedALocalApicThatIsOn) {
    processor_.apic.is_on = false;
    expect_alone("local_apic_off");
}

TEST_F(ProcessorsTest, NeedAPageBelow640KiB) {
    platform_.dryable.low_page.clear();
    expect_alone("trampoline_memory_missing");
}

TEST_F(ProcessorsTest, NeedAPageThatTheKernelDoesNotHave) {
    expect_alone("trampoline_memory_missing", DryableFrames::kLowPage);
}

TEST_F(ProcessorsTest, AreListedInIdentityMappings) {
    ASSERT_EQ(try_boot(), "good");
    std::vector<uint64_t> bases;
    const auto* const mappings =
        reinterpret_cast<const BatonIdentityMapping*>(at(info().record().identity_mappings));
    for (uint32_t i = 0; i < info().record().identity_mapping_count; ++i)
        bases.push_back(mappings[i].base);
    for (const uint64_t base : {handoff_->trampoline, started()[0].area, kApic})
        EXPECT_NE(std::ranges::find(bases, base), bases.end()) << base;
}

TEST_F(ProcessorsTest, LieInReclaimableMemory) {
    ASSERT_EQ(try_boot(), "good");
    std::vector<std::string_view> labels;
    for (const FrameBlock& block : platform_.dryable.blocks) {
        if (std::string_view(block.label).starts_with("processor")) {
            EXPECT_EQ(memory_type(block.use), BATON_MEMORY_LOADER_RECLAIMABLE);
            labels.emplace_back(block.label);
        }
    }
    EXPECT_EQ(labels, (std::vector<std::string_view>{"processor trampoline", "processor areas",
                                                     "processor stacks"}));
}

TEST_F(ProcessorsTest, ThatAreTooManyAreCounted) {
    platform_.unlisted = 3;
    ASSERT_EQ(try_boot(), "good");
    EXPECT_TRUE(was_logged("warning: 3 processors more than Baton lists: 4096")) << lines_.all;
}

TEST_F(ProcessorsTest, AreLeftAloneIfMemoryRunsOut) {
    request(BATON_PROCESSORS_PARKED, uint64_t{1} << 30, 0);
    ASSERT_EQ(try_boot(), "good");
    EXPECT_EQ(handoff_->processor_count, 0u);
    EXPECT_TRUE(was_logged("aren't started: error: out_of_memory: processor stacks")) << lines_.all;
}

} // namespace
} // namespace baton::test

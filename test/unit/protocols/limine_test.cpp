// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel gets that speaks Limine's protocol: its responses, its address space, and the
// processor's state, for each base revision.
#include "protocols/limine_kernel.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kText = LimineKernel::kText;

class LimineTest : public testing::Test, protected LimineBoot {
  protected:
    using Entry = limine::MemoryEntry;

    /// The memory map of a kernel of this base revision.
    std::vector<Entry> map_of(uint64_t revision) {
        LimineKernel kernel(revision);
        const uint64_t request = kernel.request(Feature::memory_map);
        boot(kernel);
        return answered_map(request);
    }
    std::vector<Entry> answered_map(uint64_t request) {
        const auto& list = answer<limine::List>(request);
        std::vector<Entry> entries;
        for (uint64_t i = 0; i < list.count; ++i)
            entries.push_back(get<Entry>(word(list.entries + 8 * i)));
        return entries;
    }
    /// What the map says of an address; nothing: ~0.
    static uint64_t type_at(const std::vector<Entry>& map, uint64_t address) {
        for (const Entry& entry : map)
            if (address - entry.base < entry.length)
                return entry.type;
        return ~uint64_t{0};
    }
    bool is_shown(uint64_t physical) {
        return walker().translate(direct_map() + physical).has_value();
    }
    void add_memory(uint64_t base, BatonMemoryType type) {
        platform_.elsewhere.push_back({.range = {{base}, kPageBytes}, .type = type});
    }
    const limine::File& file_of(uint64_t list_request, uint64_t index) {
        const auto& list = answer<limine::List>(list_request);
        if (index >= list.count)
            throw std::runtime_error("so many files are not there");
        return get<limine::File>(word(list.entries + 8 * index));
    }
    void add_file(const std::string& path, std::string_view contents) {
        Buffer& file = platform_.files[path];
        for (const char character : contents)
            append(file, character);
    }
};

// The loader.

TEST_F(LimineTest, SaysWhoTheLoaderIs) {
    LimineKernel kernel(3);
    const uint64_t request = kernel.request(Feature::bootloader_info);
    boot(kernel);
    const auto& info = answer<limine::BootloaderInfo>(request);
    EXPECT_EQ(info.revision, 0);
    EXPECT_EQ(text(info.name), "Baton");
    EXPECT_EQ(text(info.version), BATON_VERSION);
}

TEST_F(LimineTest, ResponsesLieInReclaimableMemory) {
    LimineKernel kernel(6);
    const uint64_t map = kernel.request(Feature::memory_map);
    const uint64_t info = kernel.request(Feature::bootloader_info);
    boot(kernel);
    const std::vector<Entry> entries = answered_map(map);
    for (const uint64_t request : {map, info})
        EXPECT_EQ(type_at(entries, response(request) - direct_map()),
                  limine::kBootloaderReclaimable);
}

TEST_F(LimineTest, AnswersRequestsThatHaveNoFields) {
    LimineKernel kernel(6);
    const uint64_t stack = kernel.request(Feature::stack_size, 0, {1});
    const uint64_t entry = kernel.request(Feature::entry_point, 0, {kText + 0x20});
    const uint64_t iommu = kernel.request(Feature::keep_iommu);
    boot(kernel);
    for (const uint64_t request : {stack, entry, iommu})
        EXPECT_EQ(answer<uint64_t>(request), 0);
    EXPECT_EQ(handoff_->kernel_entry, kText + 0x20);
}

TEST_F(LimineTest, AnswersNothingAboutWhatIsNotThere) {
    LimineKernel kernel(6);
    std::vector<uint64_t> requests;
    for (const Feature feature :
         {Feature::framebuffer, Feature::modules, Feature::smbios, Feature::efi_system_table,
          Feature::efi_memory_map, Feature::date_at_boot, Feature::device_tree,
          Feature::riscv_hart_id, Feature::flanterm_parameters})
        requests.push_back(kernel.request(feature));
    boot(kernel);
    for (const uint64_t request : requests)
        EXPECT_EQ(response(request), LimineKernel::kUntouched);
}

TEST_F(LimineTest, SaysWhenTheLoaderRan) {
    LimineKernel kernel(6);
    const uint64_t request = kernel.request(Feature::bootloader_performance);
    boot(kernel);
    const auto& times = answer<limine::Performance>(request);
    EXPECT_EQ(times.reset, 0);
    EXPECT_GT(times.init, 0);
    EXPECT_GT(times.exec, times.init);
}

// The machine.

TEST_F(LimineTest, FindsInterruptsMaskedByItsBaseRevision) {
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        boot(kernel);
        EXPECT_TRUE(platform_.masked.masked);
        EXPECT_EQ(platform_.masked.local_apic, revision >= 5) << revision;
        EXPECT_TRUE(platform_.masked.iommus_off);
    }
}

TEST_F(LimineTest, KeepsIommusOnRequest) {
    LimineKernel kernel(6);
    kernel.request(Feature::keep_iommu);
    boot(kernel);
    EXPECT_TRUE(platform_.masked.masked);
    EXPECT_FALSE(platform_.masked.iommus_off);
}

TEST_F(LimineTest, MasksInterruptsOnceTheFirmwareIsGone) {
    platform_.unreachable = PhysAddr{0xfec0'0000};
    LimineKernel kernel(6);
    boot(kernel);
    const auto place = [&](std::string_view what) {
        return std::ranges::find(platform_.said, what) - platform_.said.begin();
    };
    EXPECT_LT(place("interrupts"), place("prepare to leave"));
    EXPECT_EQ(platform_.said.back(), "mask");
    EXPECT_LT(place("exit"), place("mask"));
    ASSERT_FALSE(platform_.not_registers.empty());
    EXPECT_EQ(platform_.not_registers.front(), FakePlatform::kMemory);
    EXPECT_NE(lines_.all.find("warning: the device at 0xfec00000 can't be reached"),
              std::string::npos)
        << lines_.all;
}

// The kernel.

TEST_F(LimineTest, LiesInOnePiece) {
    LimineKernel kernel(3);
    const uint64_t request = kernel.request(Feature::executable_address);
    boot(kernel);
    const auto& address = answer<limine::TwoValues>(request);
    EXPECT_EQ(address.second, kText);
    EXPECT_EQ(walker().translate(kText)->physical, address.first);
    EXPECT_EQ(walker().translate(LimineKernel::kData)->physical,
              address.first + (LimineKernel::kData - kText));
}

TEST_F(LimineTest, HasItsFileAndItsCommandLine) {
    entry_.command_line = "quiet splash";
    BatonBootDevice& device = platform_.machine.boot_device;
    device.kind = BATON_BOOT_DEVICE_GPT;
    device.partition_number = 3;
    device.partition_guid = {{1, 2, 3}};
    device.disk_guid = {{4, 5, 6}};
    device.mbr_signature = 7;
    LimineKernel kernel(3);
    const uint64_t line = kernel.request(Feature::executable_cmdline);
    const uint64_t file = kernel.request(Feature::executable_file);
    boot(kernel);
    EXPECT_EQ(text(value(line)), "quiet splash");
    const auto& record = get<limine::File>(value(file));
    EXPECT_EQ(record.string, value(line));
    EXPECT_EQ(text(record.path), "/kernel");
    const Buffer& contents = platform_.files["\\kernel"];
    EXPECT_EQ(record.bytes, contents.size());
    EXPECT_EQ(record.address % kPageBytes, 0);
    EXPECT_EQ(std::memcmp(at(record.address), contents.data(), 0x1000), 0);
    EXPECT_EQ(record.media_type, limine::kMediaGeneric);
    EXPECT_EQ(record.partition_index, 3);
    EXPECT_EQ(record.mbr_disk_id, 7);
    EXPECT_EQ(record.gpt_disk.bytes[0], 4);
    EXPECT_EQ(record.gpt_partition.bytes[2], 3);
    EXPECT_EQ(record.file_system.bytes[0], 0);
}

TEST_F(LimineTest, KnowsTheServerThatItCameFrom) {
    BatonBootDevice& device = platform_.machine.boot_device;
    device.kind = BATON_BOOT_DEVICE_NETWORK;
    device.server_address_bytes = 4;
    std::ranges::copy(std::array<uint8_t, 4>{10, 0, 2, 2}, device.server_address);
    LimineKernel kernel(3);
    const uint64_t file = kernel.request(Feature::executable_file);
    boot(kernel);
    const auto& record = get<limine::File>(value(file));
    EXPECT_EQ(record.media_type, limine::kMediaTftp);
    EXPECT_EQ(record.tftp_ip, 0x0202'000a);
    EXPECT_EQ(record.tftp_port, 69);
}

TEST_F(LimineTest, GoesToARandomAddressIfTheEntryAsksForIt) {
    entry_.kaslr = Switch::on;
    random_.slide = 77;
    LimineKernel kernel(3, 0);
    kernel.position_independent = true;
    const uint64_t entry = kernel.request(Feature::entry_point, 0, {0x20});
    kernel.relocate_last_word();
    boot(kernel);
    EXPECT_GT(handoff_->kernel_entry, kText + 0x20);
    EXPECT_EQ(handoff_->kernel_entry % kPageBytes, 0x20);
    EXPECT_EQ(word(handoff_->kernel_entry - 0x20 + entry + 48), handoff_->kernel_entry);
}

TEST_F(LimineTest, RefusesAnEntryPointThatIsNotCode) {
    LimineKernel kernel(3);
    kernel.request(Feature::entry_point, 0, {LimineKernel::kData});
    EXPECT_EQ(try_to(kernel).substr(0, 21), "error: entry_not_exec");
}

// Modules.

TEST_F(LimineTest, LoadsItsOwnModulesBeforeThoseOfTheEntry) {
    for (const bool position_independent : {false, true}) {
        platform_.files.clear();
        add_file("\\boot\\first", "1");
        add_file("\\boot\\more\\second", "22");
        add_file("\\given", "333");
        const BootModule given{.path = "\\given", .string = "of the entry"};
        entry_.modules = {&given, 1};
        entry_.kernel = "\\boot\\kernel";
        LimineKernel kernel(3, position_independent ? 0 : kText);
        kernel.position_independent = position_independent;
        const auto pointer = [&](uint64_t address) {
            kernel.add({address});
            if (position_independent)
                kernel.relocate_last_word();
        };
        const uint64_t path = kernel.text("first");
        const uint64_t other_path = kernel.text("/more/second");
        const uint64_t string = kernel.text("of the kernel");
        const uint64_t first = kernel.add({});
        pointer(path);
        pointer(string);
        kernel.add({limine::kModuleRequired});
        const uint64_t second = kernel.add({});
        pointer(other_path);
        kernel.add({0, 0}); // no string, no flags
        const uint64_t list = kernel.add({});
        pointer(first);
        pointer(second);
        uint64_t request = kernel.request(Feature::modules, 1, {2});
        pointer(list);
        platform_.files["\\boot\\kernel"] = kernel.build();
        ASSERT_EQ(try_boot(), "good");
        request += handoff_->kernel_entry - 0x10 - (position_independent ? 0 : kText);
        EXPECT_EQ(answer<limine::List>(request).revision, 2);
        EXPECT_EQ(answer<limine::List>(request).count, 3);
        EXPECT_EQ(text(file_of(request, 0).path), "/boot/first");
        EXPECT_EQ(text(file_of(request, 0).string), "of the kernel");
        EXPECT_EQ(file_of(request, 0).bytes, 1);
        EXPECT_EQ(text(file_of(request, 1).path), "/boot/more/second");
        EXPECT_EQ(text(file_of(request, 1).string), "");
        EXPECT_EQ(text(file_of(request, 2).path), "/given");
        EXPECT_EQ(text(file_of(request, 2).string), "of the entry");
        EXPECT_EQ(text(file_of(request, 2).address), "333");
    }
}

TEST_F(LimineTest, NeedsTheModulesAloneThatItRequires) {
    for (const uint64_t flags : {uint64_t{0}, limine::kModuleRequired}) {
        LimineKernel kernel(3);
        const uint64_t path = kernel.text("missing");
        const uint64_t module = kernel.add({path, 0, flags});
        const uint64_t list = kernel.add({module});
        const uint64_t request = kernel.request(Feature::modules, 1, {1, list});
        const std::string outcome = try_to(kernel);
        if (flags != 0) {
            EXPECT_EQ(outcome.substr(0, 21), "error: file_not_found");
        } else {
            EXPECT_EQ(outcome, "good");
            EXPECT_EQ(response(request), LimineKernel::kUntouched);
            EXPECT_NE(lines_.all.find("no module missing"), std::string::npos);
        }
    }
}

TEST_F(LimineTest, ModuleListsAreNotTrusted) {
    LimineKernel many(3);
    many.request(Feature::modules, 1, {65, many.add({})});
    EXPECT_EQ(try_to(many).substr(0, 33), "error: requested_modules_too_many");
    const auto refused = [&](uint64_t list, uint64_t module, bool has_path) {
        LimineKernel kernel(3);
        const uint64_t record = kernel.add({has_path ? uint64_t{0x1000} : 0, 0, 0});
        const uint64_t array = kernel.add({module == 0 ? record : module});
        kernel.request(Feature::modules, 1, {1, list == 0 ? array : list});
        return try_to(kernel).substr(0, 29);
    };
    EXPECT_EQ(refused(0x1000, 0, false), "error: limine_pointer_outside");
    EXPECT_EQ(refused(~uint64_t{0} - 3, 0, false), "error: limine_pointer_outside");
    EXPECT_EQ(refused(0, 0x1000, false), "error: limine_request_cut: \\k");
    EXPECT_EQ(refused(0, 0, true), "error: limine_pointer_outside");
    EXPECT_EQ(refused(0, 0, false), "good"); // a path of no characters: left out, with a warning
}

TEST_F(LimineTest, DecompressesAModuleIfItSaysSo) {
    LimineKernel kernel(3);
    const uint64_t path = kernel.text("module");
    const uint64_t module =
        kernel.add({path, 0, limine::kModuleCompressed | limine::kModuleRequired});
    const uint64_t list = kernel.add({module});
    kernel.request(Feature::modules, 1, {1, list});
    add_file("\\module", "this is not compressed");
    EXPECT_EQ(try_to(kernel).substr(0, 18), "error: compression");
}

// The stack.

TEST_F(LimineTest, HasItsStackInTheDirectMapAfterAGuardPage) {
    for (const auto& [requested, bytes] : {std::pair<uint64_t, uint64_t>{1, 0x1'0000},
                                           {0x1'0001, 0x1'1000},
                                           {0x10'0000, 0x10'0000}}) {
        LimineKernel kernel(6);
        kernel.request(Feature::stack_size, 0, {requested});
        boot(kernel);
        const uint64_t top = handoff_->kernel_stack_top;
        EXPECT_EQ(top - handoff_->kernel_stack_base, bytes);
        const auto physical = walker().translate(top - 1)->physical;
        EXPECT_EQ(physical, top - 1 - direct_map());
        EXPECT_TRUE(is_shown(top - bytes - direct_map()));
        EXPECT_FALSE(is_shown(top - bytes - 1 - direct_map()));
    }
}

TEST_F(LimineTest, TheGuardPageIsReserved) {
    const auto map = map_of(6);
    const uint64_t base = handoff_->kernel_stack_base - direct_map();
    EXPECT_EQ(type_at(map, base), limine::kBootloaderReclaimable);
    EXPECT_EQ(type_at(map, base - 1), limine::kReserved);
}

TEST_F(LimineTest, RefusesAStackLargerThan1GiB) {
    LimineKernel kernel(3);
    kernel.request(Feature::stack_size, 0, {(uint64_t{1} << 30) + 1});
    EXPECT_EQ(try_to(kernel).substr(0, 29), "error: request_not_met: STACK");
}

// The address space.

TEST_F(LimineTest, ShowsMemoryByItsTypeAndTheBaseRevision) {
    constexpr uint64_t kHigh = uint64_t{8} << 30; // beyond what is shown in any case
    struct Case {
        BatonMemoryType type;
        std::string_view shown; // for revisions 0 to 6
    };
    for (const auto& [type, shown] : {Case{BATON_MEMORY_USABLE, "1111111"},
                                      {BATON_MEMORY_ACPI_RECLAIMABLE, "1110111"},
                                      {BATON_MEMORY_ACPI_NVS, "1110111"},
                                      {BATON_MEMORY_RUNTIME_SERVICES, "1000011"},
                                      {BATON_MEMORY_BAD, "1000000"},
                                      {BATON_MEMORY_PERSISTENT, "1000000"},
                                      {BATON_MEMORY_RESERVED, "1000111"}}) {
        platform_.elsewhere.clear();
        add_memory(kHigh, type);
        platform_.also_cacheable = {{{kHigh}, kPageBytes}};
        for (uint64_t revision = 0; revision <= 6; ++revision) {
            LimineKernel kernel(revision);
            boot(kernel);
            EXPECT_EQ(is_shown(kHigh), shown[revision] == '1')
                << "type " << type << ", base revision " << revision;
        }
    }
}

TEST_F(LimineTest, ReservedMemoryThatIsNoneIsShownInRevision0Alone) {
    constexpr uint64_t kHigh = uint64_t{8} << 30;
    add_memory(kHigh, BATON_MEMORY_RESERVED);
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        boot(kernel);
        EXPECT_EQ(is_shown(kHigh), revision == 0);
    }
    LimineKernel kernel(0);
    boot(kernel);
    EXPECT_EQ(walker().translate(direct_map() + kHigh)->kind.memory_type, MemoryType::uncacheable);
}

TEST_F(LimineTest, ShowsTheFirst4GiBUpToRevision2) {
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        boot(kernel);
        for (const uint64_t device : {uint64_t{0}, uint64_t{0xa'0000}, uint64_t{0xfee0'0000},
                                      (uint64_t{1} << 32) - kPageBytes})
            EXPECT_EQ(is_shown(device), revision <= 2) << device;
        EXPECT_FALSE(is_shown(uint64_t{1} << 32));
    }
    LimineKernel kernel(2);
    boot(kernel);
    EXPECT_EQ(walker().translate(direct_map() + 0xfee0'0000)->kind,
              (PageKind{true, false, false, MemoryType::uncacheable}));
}

TEST_F(LimineTest, MapsItToItselfInRevision0) {
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        boot(kernel);
        EXPECT_FALSE(walker().translate(0)); // the null page
        for (const uint64_t address :
             {uint64_t{0x1000}, uint64_t{0xfee0'0000}, FakePlatform::kMemory.base.value}) {
            const auto translation = walker().translate(address);
            EXPECT_EQ(translation.has_value(), revision == 0);
            EXPECT_TRUE(!translation || translation->physical == address);
        }
    }
}

TEST_F(LimineTest, IsWritableOrExecutableAndNotBoth) {
    for (const uint64_t revision : {0, 2, 6}) {
        LimineKernel kernel(revision);
        const uint64_t request = kernel.request(Feature::executable_address);
        boot(kernel);
        const uint64_t physical = answer<limine::TwoValues>(request).first;
        EXPECT_FALSE(walker().translate(direct_map() + physical)->kind.writable);
        EXPECT_FALSE(walker().translate(direct_map() + physical)->kind.executable);
        for (const Leaf& leaf : walker().leaves())
            EXPECT_FALSE(leaf.translation.kind.writable && leaf.translation.kind.executable)
                << std::hex << leaf.virtual_base;
    }
}

TEST_F(LimineTest, ExecutesInTheDirectMapIfTheEntrySaysSo) {
    entry_.hhdm = DirectMapAccess::rwx;
    LimineKernel kernel(6);
    const uint64_t request = kernel.request(Feature::executable_address);
    boot(kernel);
    const uint64_t memory = handoff_->kernel_stack_base;
    EXPECT_TRUE(walker().translate(memory)->kind.writable);
    EXPECT_TRUE(walker().translate(memory)->kind.executable);
    const uint64_t own_text = direct_map() + answer<limine::TwoValues>(request).first;
    EXPECT_FALSE(walker().translate(own_text)->kind.writable);
}

TEST_F(LimineTest, ChoosesItsNumberOfLevels) {
    struct Case {
        uint64_t revision, mode, most, least;
        const char* without; // 5-level paging
        bool five_level;     // with it
    };
    for (const auto& [revision, mode, most, least, without, five_level] :
         {Case{0, 0, 1, 1, "good", false},
          {0, 1, 0, 0, "good", true}, // the later words don't count
          {0, 9, 0, 0, "good", true},
          {1, 1, 1, 0, "good", true},
          {1, 1, 0, 0, "good", false},
          {1, 0, 1, 0, "good", false},
          {1, 0, 1, 1, "error: request_not_met: 5_LEVEL", true},
          {1, 1, 2, 1, "error: request_not_met: 5_LEVEL", true}}) {
        for (const bool has_five : {false, true}) {
            processor_.five_level_paging = has_five;
            LimineKernel kernel(3);
            const uint64_t request =
                kernel.request(Feature::paging_mode, revision, {mode, most, least});
            const std::string outcome = try_to(kernel);
            if (!has_five && std::string_view(without) != "good") {
                EXPECT_EQ(outcome.substr(0, 31), without);
                continue;
            }
            ASSERT_EQ(outcome, "good");
            EXPECT_EQ(boot_->kernel.five_level, has_five && five_level);
            EXPECT_TRUE(boot_->kernel.five_level || value(request) == limine::kPagingFourLevels);
        }
    }
    for (const auto& [most, least] : {std::pair{0, 1}, {2, 2}}) {
        LimineKernel kernel(3);
        kernel.request(Feature::paging_mode, 1,
                       {1, static_cast<uint64_t>(most), static_cast<uint64_t>(least)});
        EXPECT_EQ(try_to(kernel).substr(0, 31), "error: request_not_met: 5_LEVEL");
    }
}

// The memory map.

TEST_F(LimineTest, TypesFollowTheBaseRevision) {
    constexpr uint64_t kHigh = uint64_t{8} << 30;
    struct Case {
        BatonMemoryType type;
        std::string_view types; // for revisions 0 to 6
    };
    for (const auto& [type, types] : {Case{BATON_MEMORY_USABLE, "0000000"},
                                      {BATON_MEMORY_LOADER_RECLAIMABLE, "5555555"},
                                      {BATON_MEMORY_KERNEL_AND_MODULES, "6666666"},
                                      {BATON_MEMORY_ACPI_RECLAIMABLE, "2222222"},
                                      {BATON_MEMORY_ACPI_NVS, "3333333"},
                                      {BATON_MEMORY_RUNTIME_SERVICES, "1111188"},
                                      {BATON_MEMORY_FRAMEBUFFER, "7777777"},
                                      {BATON_MEMORY_PERSISTENT, "1111111"},
                                      {BATON_MEMORY_BAD, "4444444"},
                                      {BATON_MEMORY_RESERVED, "1111111"},
                                      {BATON_MEMORY_UNACCEPTED, "1111111"},
                                      {BATON_MEMORY_SPECIAL_PURPOSE, "1111111"}}) {
        platform_.elsewhere.clear();
        add_memory(kHigh, type);
        for (uint64_t revision = 0; revision <= 6; ++revision)
            EXPECT_EQ(type_at(map_of(revision), kHigh),
                      static_cast<uint64_t>(types[revision] - '0'))
                << "type " << type << ", base revision " << revision;
    }
}

TEST_F(LimineTest, TablesInReservedMemoryAreMapped) {
    constexpr uint64_t kTables = 0xf'0000;
    platform_.elsewhere.push_back(
        {.range = {{kTables}, 2 * kPageBytes}, .type = BATON_MEMORY_RESERVED});
    platform_.also_cacheable = {{{kTables}, kPageBytes}};
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        const auto map = map_of(revision);
        EXPECT_EQ(type_at(map, kTables),
                  revision >= 4 ? limine::kReservedMapped : limine::kReserved);
        EXPECT_EQ(type_at(map, kTables + kPageBytes), limine::kReserved);
    }
}

TEST_F(LimineTest, TablesThatAreInReservedMemoryAloneAreMappedOnRequest) {
    constexpr uint64_t kTables = uint64_t{8} << 30;
    platform_.elsewhere.push_back(
        {.range = {{kTables}, 2 * kPageBytes}, .type = BATON_MEMORY_RESERVED});
    platform_.tables_in_reserved = {{{kTables + 0x10}, 0x20}};
    for (uint64_t revision = 1; revision <= 6; ++revision) {
        const auto map = map_of(revision);
        EXPECT_EQ(type_at(map, kTables),
                  revision >= 4 ? limine::kReservedMapped : limine::kReserved);
        EXPECT_EQ(type_at(map, kTables + kPageBytes), limine::kReserved);
        EXPECT_EQ(is_shown(kTables), revision >= 4);
        EXPECT_FALSE(is_shown(kTables + kPageBytes));
    }
}

TEST_F(LimineTest, TheFirmwaresTablesAreReservedFromRevision4On) {
    constexpr uint64_t kTables = uint64_t{8} << 30;
    platform_.elsewhere.push_back(
        firmware_tables({{kTables}, kPageBytes}, BATON_MEMORY_LOADER_RECLAIMABLE));
    EXPECT_EQ(type_at(map_of(3), kTables), limine::kBootloaderReclaimable);
    EXPECT_EQ(type_at(map_of(4), kTables), limine::kReservedMapped);
}

TEST_F(LimineTest, WhatTheFirmwareUsedIsReclaimable) {
    constexpr uint64_t kHigh = uint64_t{8} << 30;
    constexpr uint64_t kWriteBack = 8;
    for (uint32_t type = 1; type <= 7; ++type) {
        if (type == 5 || type == 6) // runtime services
            continue;
        for (const uint64_t attributes : {uint64_t{0}, kWriteBack}) { // of an E820 map, of UEFI
            platform_.elsewhere = {{.range = {{kHigh}, kPageBytes},
                                    .type = BATON_MEMORY_USABLE,
                                    .firmware_type = type,
                                    .attributes = attributes}};
            EXPECT_EQ(type_at(map_of(6), kHigh), type < 5 && attributes != 0
                                                     ? limine::kBootloaderReclaimable
                                                     : limine::kUsable);
        }
    }
}

TEST_F(LimineTest, Page0IsUsableFromRevision3On) {
    platform_.elsewhere.push_back({.range = {{0}, 0xa'0000}, .type = BATON_MEMORY_USABLE});
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        const auto map = map_of(revision);
        EXPECT_EQ(type_at(map, 0), revision <= 2 ? limine::kReserved : limine::kUsable);
        EXPECT_EQ(type_at(map, kPageBytes), limine::kUsable);
    }
}

TEST_F(LimineTest, TheMapIsSortedAndEntriesThatTouchDiffer) {
    add_memory(uint64_t{8} << 30, BATON_MEMORY_PERSISTENT);
    add_memory((uint64_t{8} << 30) + kPageBytes, BATON_MEMORY_RESERVED);
    const auto map = map_of(6);
    for (std::size_t i = 1; i < map.size(); ++i) {
        EXPECT_GE(map[i].base, map[i - 1].base + map[i - 1].length);
        EXPECT_FALSE(map[i].base == map[i - 1].base + map[i - 1].length &&
                     map[i].type == map[i - 1].type);
    }
}

TEST_F(LimineTest, AMapThatGrowsIsWrittenAgain) {
    platform_.grow = [n = 0](std::vector<TypedRange>& elsewhere) mutable {
        if (++n == 2)
            for (uint64_t i = 0; i < 40; ++i)
                elsewhere.push_back(
                    {.range = {{(uint64_t{9} << 30) + 2 * i * kPageBytes}, kPageBytes},
                     .type = BATON_MEMORY_RESERVED});
    };
    EXPECT_EQ(type_at(map_of(6), (uint64_t{9} << 30) + 78 * kPageBytes), limine::kReserved);
}

// The firmware.

TEST_F(LimineTest, PointersToTablesFollowTheBaseRevision) {
    platform_.machine.rsdp = 0x1000'1000;
    platform_.machine.smbios = 0x1000'2000;
    platform_.machine.smbios3 = 0x1000'3000;
    platform_.machine.efi_system_table = 0x1000'4000;
    platform_.machine.unix_time_seconds = 1234567890;
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        const uint64_t type = kernel.request(Feature::firmware_type);
        const uint64_t rsdp = kernel.request(Feature::rsdp);
        const uint64_t smbios = kernel.request(Feature::smbios);
        const uint64_t efi = kernel.request(Feature::efi_system_table);
        const uint64_t date = kernel.request(Feature::date_at_boot);
        boot(kernel);
        const uint64_t others = revision == 3 || revision == 4 ? 0 : direct_map();
        EXPECT_EQ(value(type), limine::kFirmwareEfi64);
        EXPECT_EQ(value(rsdp), (revision == 3 ? 0 : direct_map()) + 0x1000'1000);
        EXPECT_EQ(answer<limine::TwoValues>(smbios).first, others + 0x1000'2000);
        EXPECT_EQ(answer<limine::TwoValues>(smbios).second, others + 0x1000'3000);
        EXPECT_EQ(value(efi), others + 0x1000'4000);
        EXPECT_EQ(value(date), 1234567890);
    }
}

TEST_F(LimineTest, AnEntryPointThatIsNotThereIsNull) {
    platform_.machine.smbios3 = 0x1000'3000;
    LimineKernel kernel(6);
    const uint64_t smbios = kernel.request(Feature::smbios);
    const uint64_t type = kernel.request(Feature::firmware_type);
    boot(kernel);
    EXPECT_EQ(answer<limine::TwoValues>(smbios).first, 0);
    EXPECT_EQ(value(type), limine::kFirmwareBios);
}

TEST_F(LimineTest, HasTheFirmwaresMap) {
    const PhysAddr memory = FakePlatform::kMemory.end() - kPageBytes;
    platform_.last_map = {.bytes = {platform_.source.access(memory), 96},
                          .descriptor_bytes = 48,
                          .descriptor_version = 1};
    LimineKernel kernel(6);
    const uint64_t request = kernel.request(Feature::efi_memory_map);
    boot(kernel);
    const auto& map = answer<limine::EfiMemoryMap>(request);
    EXPECT_EQ(map.map, direct_map() + memory.value);
    EXPECT_EQ(map.bytes, 96);
    EXPECT_EQ(map.descriptor_bytes, 48);
    EXPECT_EQ(map.descriptor_version, 1);
}

TEST_F(LimineTest, HasItsDisplays) {
    const Buffer edid(128, std::byte{0x42});
    BatonVideoMode modes[3] = {};
    modes[0].linear = 1;
    modes[2].linear = 1;
    modes[2].width_pixels = 1024;
    modes[2].height_pixels = 768;
    modes[2].pitch_bytes = 4096;
    modes[2].bits_per_pixel = 32;
    modes[2].red_shift = 16;
    Display display{};
    BatonFramebuffer& given = display.framebuffer;
    given.base_physical = 0x8000'0040;
    given.bytes = 0x30'0000;
    given.width_pixels = 1024;
    given.height_pixels = 768;
    given.pitch_bytes = 4096;
    given.bits_per_pixel = 32;
    given.red_shift = 16;
    given.red_bits = 8;
    given.green_shift = 8;
    given.green_bits = 7;
    given.blue_bits = 6;
    display.edid = edid;
    display.modes = modes;
    platform_.displays.push_back(display);
    LimineKernel kernel(6);
    const uint64_t request = kernel.request(Feature::framebuffer);
    boot(kernel);
    const auto& list = answer<limine::List>(request);
    EXPECT_EQ(list.revision, 1);
    ASSERT_EQ(list.count, 1);
    const auto& screen = get<limine::Framebuffer>(word(list.entries));
    EXPECT_EQ(screen.address, direct_map() + 0x8000'0040);
    EXPECT_EQ(screen.width, 1024);
    EXPECT_EQ(screen.height, 768);
    EXPECT_EQ(screen.pitch, 4096);
    EXPECT_EQ(screen.bits_per_pixel, 32);
    EXPECT_EQ(screen.memory_model, limine::kRgb);
    EXPECT_EQ(screen.red_bits, 8);
    EXPECT_EQ(screen.red_shift, 16);
    EXPECT_EQ(screen.green_bits, 7);
    EXPECT_EQ(screen.green_shift, 8);
    EXPECT_EQ(screen.blue_bits, 6);
    EXPECT_EQ(screen.blue_shift, 0);
    EXPECT_EQ(screen.edid_bytes, 128);
    EXPECT_EQ(get<uint8_t>(screen.edid + 127), 0x42);
    ASSERT_EQ(screen.mode_count, 2); // those with a framebuffer
    const auto& mode = get<limine::VideoMode>(word(screen.modes + 8));
    EXPECT_EQ(mode.width, 1024);
    EXPECT_EQ(mode.height, 768);
    EXPECT_EQ(mode.pitch, 4096);
    EXPECT_EQ(mode.bits_per_pixel, 32);
    EXPECT_EQ(mode.red_shift, 16);
    EXPECT_EQ(walker().translate(screen.address)->kind.memory_type, MemoryType::write_combining);
}

// The processor's state.

TEST_F(LimineTest, HasItsOwnSegments) {
    LimineKernel kernel(0);
    boot(kernel);
    EXPECT_EQ(handoff_->boot_info, 0);
    EXPECT_EQ(handoff_->pat, 0x0007'0105'0007'0406);
    EXPECT_EQ(handoff_->kernel_code_segment, 0x28);
    EXPECT_EQ(handoff_->kernel_data_segment, 0x30);
    EXPECT_EQ(handoff_->kernel_task_segment, 0x38);
    EXPECT_EQ(handoff_->kernel_gdt_bytes, 0x48);
    const uint64_t expected[] = {0,
                                 0x0000'9b00'0000'ffff,
                                 0x0000'9300'0000'ffff,
                                 0x00cf'9b00'0000'ffff,
                                 0x00cf'9300'0000'ffff,
                                 0x00af'9b00'0000'ffff,
                                 0x00cf'9300'0000'ffff};
    for (std::size_t i = 0; i < std::size(expected); ++i)
        EXPECT_EQ(word(handoff_->kernel_gdt + 8 * i), expected[i]);
}

TEST_F(LimineTest, HasFixedControlRegistersFromRevision5On) {
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        boot(kernel);
        if (revision >= 5) {
            EXPECT_EQ(handoff_->cr0, 0x8001'0011);
            EXPECT_EQ(handoff_->cr4, 0x20);
        } else {
            EXPECT_EQ(handoff_->cr0 & 0x8001'0011, 0x8001'0011);
            EXPECT_EQ(handoff_->cr4 & 0x220, 0x220); // and SSE, as firmware leaves it
        }
        EXPECT_EQ(handoff_->efer, 0xd00);
    }
}

TEST_F(LimineTest, ReportsFaultsUnlessTheEntryIsStrict) {
    LimineKernel kernel(6);
    boot(kernel);
    EXPECT_EQ(handoff_->kernel_flags, 0);
    entry_.strict = Switch::on;
    LimineKernel again(6);
    boot(again);
    EXPECT_EQ(handoff_->kernel_flags, BATON_KERNEL_WITHOUT_REPORTS);
}

TEST_F(LimineTest, EveryAllocationMayFail) {
    LimineKernel kernel(0);
    for (const Feature feature : {Feature::bootloader_info, Feature::memory_map, Feature::hhdm,
                                  Feature::executable_file, Feature::executable_cmdline})
        kernel.request(feature);
    boot(kernel);
    const uint64_t needed = platform_.dryable.calls();
    for (uint64_t call = 0; call < needed; ++call) {
        platform_.restart();
        const uint64_t before = platform_.dryable.calls();
        platform_.dryable.dry_at = before + call;
        EXPECT_EQ(try_boot().substr(0, 20), "error: out_of_memory") << call;
    }
}

} // namespace
} // namespace baton::test

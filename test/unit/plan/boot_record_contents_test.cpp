// SPDX-License-Identifier: BSD-2-Clause
//
// What a BootRecord keeps for the kernel besides plain fields: texts, bytes, displays, modules,
// identity mappings, and where memory comes from; and what there is no room for.
#include "support/boot_record.hpp"
#include "support/random.hpp"

namespace baton::test {
namespace {

using namespace std::string_view_literals;

Buffer bytes_of(std::size_t count, uint8_t value) {
    return Buffer(count, std::byte{value});
}

class BootRecordContents : public BootRecordTest {
  protected:
    Buffer bytes_at(uint64_t address, std::size_t count) {
        const std::byte* const first = seen(address, count);
        return {first, first + count};
    }
    std::vector<BatonModule> modules() {
        return array<BatonModule>(info().modules, info().module_count, info().module_entry_bytes);
    }
    std::vector<BatonIdentityMapping> identity_mappings() {
        return array<BatonIdentityMapping>(info().identity_mappings, info().identity_mapping_count,
                                           info().identity_mapping_entry_bytes);
    }
    std::vector<BatonVideoMode> modes(const BatonFramebuffer& framebuffer) {
        return array<BatonVideoMode>(framebuffer.modes, framebuffer.mode_count,
                                     framebuffer.mode_entry_bytes);
    }
    uint64_t empty_text() { return info().command_line; }
};

TEST_F(BootRecordContents, TextsAreEmptyUntilTheyAreSet) {
    for (const uint64_t address : {info().command_line, info().kernel_path, info().firmware_vendor,
                                   info().boot_device.device_path, info().boot_device.loader_path})
        EXPECT_STREQ(text(address), "");
}

TEST_F(BootRecordContents, ATextIsACopyThatEndsInNul) {
    std::string original = "root=/dev/sda1 quiet";
    const uint64_t address = record_.add_text(original);
    original.assign(20, 'x');
    EXPECT_STREQ(text(address), "root=/dev/sda1 quiet");
}

TEST_F(BootRecordContents, TextsDoNotTouchEachOther) {
    const uint64_t first = record_.add_text("first");
    const uint64_t second = record_.add_text("second\\");
    const uint64_t empty = record_.add_text("");
    EXPECT_STREQ(text(first), "first");
    EXPECT_STREQ(text(second), "second\\");
    EXPECT_STREQ(text(empty), "");
}

TEST_F(BootRecordContents, APathHasSlashes) {
    const uint64_t before = record_.add_text("a\\b");
    const uint64_t path = record_.add_path("\\boot\\kernel/x.elf");
    EXPECT_STREQ(text(path), "/boot/kernel/x.elf");
    EXPECT_STREQ(text(before), "a\\b"); // a text, not a path
    EXPECT_STREQ(text(record_.add_path("")), "");
}

TEST_F(BootRecordContents, ATextThatFillsTheRoomFits) {
    const std::string whole(kCapacity.data_bytes - 1, 'x');
    EXPECT_EQ(text(record_.add_text(whole)), whole);
}

TEST_F(BootRecordContents, ATextWithoutRoomIsEmptyAndTakesNone) {
    for (const std::size_t length : {kCapacity.data_bytes + 8, kCapacity.data_bytes + 1000}) {
        EXPECT_EQ(record_.add_text(std::string(length, 'x')), empty_text());
        EXPECT_EQ(record_.add_path(std::string(length, '\\')), empty_text());
    }
    EXPECT_STREQ(text(empty_text()), "");
    EXPECT_STREQ(text(record_.add_text("fits")), "fits");
}

TEST_F(BootRecordContents, TextsUpToTheLastByteOfTheRoom) {
    std::vector<uint64_t> addresses;
    for (std::size_t i = 0; i < kCapacity.data_bytes / 8; ++i)
        addresses.push_back(record_.add_text(std::string(i, static_cast<char>('a' + i))));
    for (std::size_t i = 0; i < addresses.size(); ++i)
        EXPECT_EQ(text(addresses[i]), std::string(i, static_cast<char>('a' + i)));
    EXPECT_STREQ(text(record_.add_text("many more bytes than are left")), "");
}

TEST_F(BootRecordContents, BytesAreACopyAtAMultipleOf8) {
    record_.add_text("odd");
    const uint64_t first = record_.add_bytes(bytes_of(13, 0x11));
    const uint64_t second = record_.add_bytes(bytes_of(8, 0x22));
    EXPECT_EQ(first % 8, 0u);
    EXPECT_EQ(second % 8, 0u);
    EXPECT_EQ(bytes_at(first, 13), bytes_of(13, 0x11));
    EXPECT_EQ(bytes_at(second, 8), bytes_of(8, 0x22));
    EXPECT_STREQ(text(record_.add_text("behind")), "behind");
}

TEST_F(BootRecordContents, NoBytesAndBytesWithoutRoomAreNowhere) {
    EXPECT_EQ(record_.add_bytes({}), 0u);
    EXPECT_EQ(record_.add_bytes(bytes_of(kCapacity.data_bytes + 8, 1)), 0u);
    const uint64_t whole = record_.add_bytes(bytes_of(kCapacity.data_bytes, 2));
    ASSERT_NE(whole, 0u);
    EXPECT_EQ(bytes_at(whole, kCapacity.data_bytes), bytes_of(kCapacity.data_bytes, 2));
    EXPECT_EQ(record_.add_bytes(bytes_of(1, 3)), 0u);
    EXPECT_EQ(record_.add_text("x"), empty_text());
    EXPECT_STREQ(text(empty_text()), "");
}

TEST(BootRecordRoom, IsJustEnoughInWhateverOrder) {
    Random random(5);
    for (int i = 0; i < 500; ++i) {
        struct Item {
            std::string text;
            Buffer bytes;
        };
        std::vector<Item> items(1 + random.below(9));
        BootRecord::Capacity capacity{};
        for (Item& item : items) {
            (random.one_in(2) ? item.text.resize(random.below(20), 'x')
                              : item.bytes.resize(random.below(20), std::byte{1}));
            capacity.data_bytes += BootRecord::data_bytes({item.text}, {item.bytes});
        }
        random.shuffle(std::span(items));
        Buffer memory(BootRecord::bytes_needed(capacity));
        auto record = BootRecord::create(memory, kPhysical, kLayout, capacity).value();
        const uint64_t empty = record.info().command_line;
        for (const Item& item : items) {
            ASSERT_EQ(record.add_text(item.text) == empty, item.text.empty()) << "case " << i;
            ASSERT_EQ(record.add_bytes(item.bytes) == 0, item.bytes.empty()) << "case " << i;
        }
        ASSERT_EQ(record.add_text("x"), empty) << "case " << i;
        ASSERT_EQ(record.add_bytes(bytes_of(1, 1)), 0u) << "case " << i;
    }
}

TEST(BootRecordRoom, OfASetIsTheSumOfItsParts) {
    const Buffer some = bytes_of(9, 1), more = bytes_of(8, 2);
    EXPECT_EQ(BootRecord::data_bytes({}), 0u);
    EXPECT_EQ(BootRecord::data_bytes({"", ""}, {Bytes()}), 0u);
    EXPECT_EQ(BootRecord::data_bytes({"1234567"}), 8u);
    EXPECT_EQ(BootRecord::data_bytes({"12345678", "x"}, {some, more}), 16u + 8u + 16u + 8u);
}

BatonVideoMode mode_of(uint32_t width) {
    BatonVideoMode mode{};
    mode.width_pixels = width;
    mode.linear = 1;
    return mode;
}

TEST_F(BootRecordContents, AFramebufferHasItsOwnModes) {
    const BatonVideoMode first[] = {mode_of(640), mode_of(800)}, second[] = {mode_of(1920)};
    record_.add_framebuffer({}, {}, first);
    record_.add_framebuffer({}, {}, second);
    const auto found = framebuffers();
    ASSERT_EQ(found.size(), 2u);
    ASSERT_EQ(modes(found[0]).size(), 2u);
    EXPECT_EQ(modes(found[0])[1].width_pixels, 800u);
    EXPECT_EQ(modes(found[0])[1].linear, 1u);
    ASSERT_EQ(modes(found[1]).size(), 1u);
    EXPECT_EQ(modes(found[1])[0].width_pixels, 1920u);
}

TEST_F(BootRecordContents, ModesBeyondTheCapacityAreDropped) {
    const std::vector<BatonVideoMode> two(2, mode_of(640));
    record_.add_framebuffer({}, {}, two);
    record_.add_framebuffer({}, {}, two);
    EXPECT_EQ(modes(framebuffers()[0]).size(), 2u);
    EXPECT_EQ(modes(framebuffers()[1]).size(), 1u);
}

TEST_F(BootRecordContents, AFramebufferWithoutModesHasNone) {
    BatonFramebuffer framebuffer{};
    framebuffer.mode_count = 77; // filled in by the record
    framebuffer.edid_bytes = 77;
    framebuffer.edid = 77;
    record_.add_framebuffer(framebuffer, {}, {});
    EXPECT_EQ(framebuffers()[0].mode_count, 0u);
    EXPECT_EQ(framebuffers()[0].mode_entry_bytes, sizeof(BatonVideoMode));
    EXPECT_EQ(framebuffers()[0].edid_bytes, 0u);
    EXPECT_EQ(framebuffers()[0].edid, 0u);
}

TEST_F(BootRecordContents, AnEdidIsKeptIfThereIsRoom) {
    record_.add_framebuffer({}, bytes_of(48, 0x77), {});
    record_.add_framebuffer({}, bytes_of(48, 0x88), {});
    EXPECT_EQ(framebuffers()[0].edid_bytes, 48u);
    EXPECT_EQ(bytes_at(framebuffers()[0].edid, 48), bytes_of(48, 0x77));
    EXPECT_EQ(framebuffers()[1].edid_bytes, 0u);
    EXPECT_EQ(framebuffers()[1].edid, 0u);
}

TEST_F(BootRecordContents, ModulesAreInTheirOrderWithPathAndString) {
    record_.add_module({{0x50'0000}, 0x1234}, "\\boot\\initrd.img", "a\\b");
    record_.add_module({{0x60'0000}, 0}, "/empty", "");
    const auto found = modules();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].address, kLayout.direct_map.base.value + 0x50'0000);
    EXPECT_EQ(found[0].base_physical, 0x50'0000u);
    EXPECT_EQ(found[0].bytes, 0x1234u);
    EXPECT_STREQ(text(found[0].path), "/boot/initrd.img");
    EXPECT_STREQ(text(found[0].string), "a\\b");
    EXPECT_STREQ(text(found[1].path), "/empty");
    EXPECT_STREQ(text(found[1].string), "");
}

TEST_F(BootRecordContents, IdentityMappingsAreInTheirOrder) {
    record_.add_identity_mapping({{0x20'0000}, kPage}, BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE);
    record_.add_identity_mapping({{0x20'1000}, 2 * kPage}, BATON_SEGMENT_READ);
    const auto found = identity_mappings();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].base, 0x20'0000u);
    EXPECT_EQ(found[0].bytes, kPage);
    EXPECT_EQ(found[0].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE);
    EXPECT_EQ(found[0].reserved, 0u);
    EXPECT_EQ(found[1].base, 0x20'1000u);
    EXPECT_EQ(found[1].bytes, 2 * kPage);
    EXPECT_EQ(found[1].permissions, BATON_SEGMENT_READ);
}

TEST_F(BootRecordContents, AnEmptyRecordHasEntrySizesForEachArray) {
    EXPECT_TRUE(modules().empty() && identity_mappings().empty());
    EXPECT_EQ(info().module_entry_bytes, sizeof(BatonModule));
    EXPECT_EQ(info().identity_mapping_entry_bytes, sizeof(BatonIdentityMapping));
}

TEST_F(BootRecordContents, TheMemoryMapTellsFirmwareTypeAttributesAndOrigin) {
    // An origin's text lies in memory that the direct map has at the same distance as the record.
    const uint64_t address = record_.add_text("page tables");
    const TypedRange claims[] = {{.range = {{0}, 4 * kPage},
                                  .type = BATON_MEMORY_USABLE,
                                  .firmware_type = 7,
                                  .attributes = 15},
                                 {.range = {{kPage}, kPage},
                                  .type = BATON_MEMORY_LOADER_RECLAIMABLE,
                                  .origin = reinterpret_cast<const char*>(seen(address, 12))},
                                 {.range = {{9 * kPage}, kPage}, .type = BATON_MEMORY_FRAMEBUFFER}};
    record_.set_memory_map(claims);
    const auto map = raw_memory_map();
    ASSERT_EQ(map.size(), 4u);
    EXPECT_EQ(map[0].firmware_type, 7u);
    EXPECT_EQ(map[0].attributes, 15u);
    EXPECT_STREQ(text(map[0].origin), "");
    EXPECT_EQ(map[1].type, static_cast<uint32_t>(BATON_MEMORY_LOADER_RECLAIMABLE));
    EXPECT_EQ(map[1].firmware_type, 7u);
    EXPECT_EQ(map[1].origin, address);
    EXPECT_EQ(map[3].firmware_type, BATON_NO_FIRMWARE_TYPE);
    EXPECT_EQ(map[3].attributes, 0u);
    EXPECT_STREQ(text(map[3].origin), "");
}

TEST_F(BootRecordContents, TheKernelsSlideFlagsAndTls) {
    FakeFrames frames;
    ElfBuilder elf;
    elf.entry(0)
        .load({.vaddr = 0, .memory_bytes = kPage, .flags = kR | kW | kX, .file_bytes = kPage})
        .add({.p_type = elf::PT_GNU_STACK,
              .p_flags = kR | kW | kX,
              .p_offset = 0,
              .p_vaddr = 0,
              .p_paddr = 0,
              .p_filesz = 0,
              .p_memsz = 0,
              .p_align = 0})
        .add({.p_type = elf::PT_TLS,
              .p_flags = kR,
              .p_offset = 0,
              .p_vaddr = 0x100,
              .p_paddr = 0,
              .p_filesz = 0x10,
              .p_memsz = 0x20,
              .p_align = 8});
    constexpr uint64_t kSlide = 0xffff'ffff'9000'0000;
    auto planned = plan_of(elf, 0x1'0000, {.slide = kSlide});
    ASSERT_TRUE(place(planned.plan(), frames));
    record_.info().flags = BATON_FLAG_KASLR;
    record_.set_kernel(planned.plan());
    EXPECT_EQ(info().kernel_slide, kSlide);
    EXPECT_EQ(info().kernel_entry, kSlide);
    EXPECT_EQ(info().kernel_virtual_base, kSlide);
    EXPECT_EQ(info().flags,
              BATON_FLAG_KASLR | BATON_FLAG_WRITE_EXECUTE | BATON_FLAG_STACK_EXECUTABLE_WANTED);
    EXPECT_EQ(info().tls.address, kSlide + 0x100);
    EXPECT_EQ(info().tls.file_bytes, 0x10u);
    EXPECT_EQ(info().tls.memory_bytes, 0x20u);
    EXPECT_EQ(info().tls.alignment, 8u);
}

TEST_F(BootRecordContents, AKernelOfGoodMannersHasNoFlags) {
    FakeFrames frames;
    auto planned = placed({{.vaddr = 0x10'0000, .memory_bytes = kPage}}, frames);
    record_.set_kernel(planned.plan());
    EXPECT_EQ(info().flags, 0u);
}

/// What doesn't fit is this error about the array, and the record stays as it was.
template<class Add>
void expect_full(const Buffer& memory, const Add& add, std::string_view array, uint64_t capacity) {
    const Buffer before = memory;
    const Result<void> result = add();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(),
              Error(ErrorCode::boot_info_full, {capacity + 1, capacity}).about(array));
    EXPECT_EQ(memory, before);
}

TEST_F(BootRecordContents, AnEntryBeyondTheCapacityIsAnErrorAndChangesNothing) {
    const auto framebuffer = [&] { return record_.add_framebuffer({}, bytes_of(8, 1), {}); };
    const auto module = [&] { return record_.add_module({{0x1000}, 1}, "/m", "s"); };
    const auto mapping = [&] { return record_.add_identity_mapping({{0x1000}, kPage}, 7); };
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(framebuffer());
        ASSERT_TRUE(module());
        ASSERT_TRUE(mapping());
    }
    expect_full(memory_, framebuffer, "framebuffers", 2);
    expect_full(memory_, module, "modules", 2);
    expect_full(memory_, mapping, "identity_mappings", 2);
}

TEST_F(BootRecordContents, AKernelOfMoreSegmentsThanTheCapacityIsAnErrorAndChangesNothing) {
    FakeFrames frames;
    auto planned = placed({{.vaddr = 0x10'0000, .memory_bytes = 8, .flags = kR | kW | kX},
                           {.vaddr = 0x10'0010, .memory_bytes = 8},
                           {.vaddr = 0x10'0020, .memory_bytes = 8},
                           {.vaddr = 0x10'0030, .memory_bytes = 8}},
                          frames);
    expect_full(memory_, [&] { return record_.set_kernel(planned.plan()); }, "kernel_segments", 3);
}

TEST_F(BootRecordContents, FullArraysDoNotTouchEachOther) {
    const BatonVideoMode mode = mode_of(640);
    const std::vector<BatonVideoMode> all(kCapacity.video_modes, mode);
    for (uint64_t i = 0; i < kCapacity.framebuffers; ++i)
        ASSERT_TRUE(record_.add_framebuffer({}, {},
                                            i == 0 ? std::span<const BatonVideoMode>(all)
                                                   : std::span<const BatonVideoMode>()));
    for (uint64_t i = 0; i < kCapacity.modules; ++i)
        ASSERT_TRUE(record_.add_module({{0x1000 * i}, 1}, "/m", "s"));
    for (uint64_t i = 0; i < kCapacity.identity_mappings; ++i)
        ASSERT_TRUE(record_.add_identity_mapping({{0x1000 * i}, kPage}, 7));
    for (uint64_t i = 0; i < kCapacity.time_stamps; ++i)
        record_.add_time_stamp("a name of just 23 bytes", i);
    record_.add_bytes(bytes_of(32, 0xff));
    const TypedRange claims[] = {
        {.range = {{0}, 100 * kPage}, .type = BATON_MEMORY_USABLE},
        {.range = {{10 * kPage}, 80 * kPage}, .type = BATON_MEMORY_LOADER_RECLAIMABLE},
        {.range = {{20 * kPage}, 60 * kPage}, .type = BATON_MEMORY_ACPI_NVS},
        {.range = {{30 * kPage}, 40 * kPage}, .type = BATON_MEMORY_BAD},
    };
    record_.set_memory_map(claims);
    EXPECT_TRUE(baton_boot_info_is_valid(&info()));
    EXPECT_EQ(memory_map(), normalised(claims));
    EXPECT_EQ(modes(framebuffers()[0]).back().width_pixels, 640u);
    EXPECT_EQ(framebuffers()[1].address, kLayout.direct_map.base.value);
    for (uint64_t i = 0; i < kCapacity.modules; ++i)
        EXPECT_STREQ(text(modules()[i].path), "/m");
    EXPECT_EQ(identity_mappings().back().permissions, 7u);
    EXPECT_STREQ(time_stamps().back().name, "a name of just 23 bytes");
    EXPECT_STREQ(text(empty_text()), "");
}

} // namespace
} // namespace baton::test

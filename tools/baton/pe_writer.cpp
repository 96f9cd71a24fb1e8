// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/pe_writer.hpp"

#include "tools/baton/failure.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace baton::tool {
namespace {

constexpr uint32_t kPageBytes = 4096, kFileAlignment = 512;
constexpr uint32_t kReadableData = 0x40000040; // CNT_INITIALIZED_DATA, MEM_READ

// Offsets: in the file, from the PE header, from the optional header.
constexpr std::size_t kPeHeaderAt = 0x3c;
constexpr std::size_t kSectionsAt = 6, kOptionalBytesAt = 20, kOptionalAt = 24;
constexpr std::size_t kDataBytesAt = 8, kImageBytesAt = 56, kHeaderBytesAt = 60, kCheckSumAt = 64;
constexpr std::size_t kCertificatesAt = 144; // a data directory: offset in the file, bytes
constexpr std::size_t kRelocationsAt = 152;  // the same: address, bytes
constexpr std::size_t kDebugAt = 160;        // the same: address, bytes
constexpr std::size_t kLeastOptionalBytes = 168;
constexpr std::size_t kDebugEntryBytes = 28, kDebugFileOffsetAt = 24;

struct SectionHeader {
    std::array<char, 8> name;
    uint32_t bytes, address, file_bytes, file_offset;
    std::array<uint32_t, 3> relocations_and_lines;
    uint32_t flags;
};

uint32_t rounded_up(uint64_t value, uint32_t alignment) {
    const uint64_t rounded = (value + alignment - 1) / alignment * alignment;
    if (rounded > UINT32_MAX)
        throw Failure("a PE file has less than 4 GiB, and this one would have more");
    return static_cast<uint32_t>(rounded);
}

/// A PE file that is written in place.
class Pe {
  public:
    explicit Pe(Bytes image) : image_(text_of(image)) {
        if (image_.size() < 64 || !image_.starts_with("MZ"))
            refuse("it doesn't begin with MZ");
        header_ = get<uint32_t>(kPeHeaderAt);
        if (header_ + kOptionalAt + kLeastOptionalBytes > image_.size() ||
            get<uint32_t>(header_) != 0x4550 || get<uint16_t>(header_ + 4) != 0x8664 ||
            get<uint16_t>(optional()) != 0x20b)
            refuse("it has no PE header for x86-64");
        if (optional_bytes() < kLeastOptionalBytes || table_at(count()) > image_.size())
            refuse("its headers don't lie in the file");
        if (count() == 0 || first_address() < table_at(count()))
            refuse("its sections lie in the headers, or there are none");
        for (std::size_t i = 0; i < count(); ++i)
            if (const SectionHeader one = section(i);
                uint64_t{one.file_offset} + one.file_bytes > image_.size())
                refuse("it is cut off");
    }

    std::size_t optional() const { return header_ + kOptionalAt; }
    std::size_t optional_bytes() const { return get<uint16_t>(header_ + kOptionalBytesAt); }
    std::size_t count() const { return get<uint16_t>(header_ + kSectionsAt); }
    std::size_t table_at(std::size_t number) const {
        return optional() + optional_bytes() + number * sizeof(SectionHeader);
    }
    SectionHeader section(std::size_t number) const { return get<SectionHeader>(table_at(number)); }
    std::string& image() { return image_; }

    uint32_t word(std::size_t in_optional) const { return get<uint32_t>(optional() + in_optional); }
    void set_word(std::size_t in_optional, uint32_t value) { put(optional() + in_optional, value); }

    template<class T>
    T get(std::size_t at) const {
        T value;
        if (at + sizeof value > image_.size())
            refuse("it is cut off");
        std::memcpy(&value, image_.data() + at, sizeof value);
        return value;
    }
    template<class T>
    void put(std::size_t at, const T& value) {
        std::memcpy(image_.data() + at, &value, sizeof value);
    }

    /// The first address of a section: the headers end there, in memory.
    uint32_t first_address() const {
        uint32_t first = UINT32_MAX;
        for (std::size_t i = 0; i < count(); ++i)
            first = std::min(first, section(i).address);
        return first;
    }

    /// Makes the headers long enough for a table of `sections`.
    void enlarge_headers(std::size_t sections) {
        const uint32_t before = word(kHeaderBytesAt);
        const uint32_t after = rounded_up(table_at(sections), kFileAlignment);
        if (after <= before)
            return;
        move_debug_entries(after - before);
        for (std::size_t i = 0; i < count(); ++i)
            if (SectionHeader one = section(i); one.file_offset != 0) {
                one.file_offset += after - before;
                put(table_at(i), one);
            }
        image_.insert(before, after - before, '\0');
        set_word(kHeaderBytesAt, after);
    }

    /// The debug directory has offsets in the file.
    void move_debug_entries(uint32_t by) {
        const uint64_t begin = word(kDebugAt), end = begin + word(kDebugAt + sizeof(uint32_t));
        for (std::size_t i = 0; i < count(); ++i) {
            const SectionHeader in = section(i);
            if (begin < in.address || end > uint64_t{in.address} + in.file_bytes)
                continue;
            uint64_t at = in.file_offset + (begin - in.address);
            for (; at + kDebugEntryBytes <= in.file_offset + (end - in.address);
                 at += kDebugEntryBytes)
                if (const auto offset = get<uint32_t>(at + kDebugFileOffsetAt); offset != 0)
                    put(at + kDebugFileOffsetAt, offset + by);
        }
    }

    void add(const NewSection& added) {
        SectionHeader one{};
        const SectionHeader last = section(count() - 1);
        added.name.copy(one.name.data(), one.name.size());
        one.bytes = rounded_up(added.content.size(), 1);
        one.address = rounded_up(uint64_t{last.address} + std::max(last.bytes, 1U), kPageBytes);
        one.file_bytes = rounded_up(one.bytes, kFileAlignment);
        one.file_offset = one.file_bytes == 0 ? 0 : rounded_up(image_.size(), kFileAlignment);
        one.flags = kReadableData;
        image_.append(added.content).resize(rounded_up(image_.size(), kFileAlignment), '\0');
        const std::size_t number = count();
        put(table_at(number), one);
        put(header_ + kSectionsAt, static_cast<uint16_t>(number + 1));
        set_word(kDataBytesAt, word(kDataBytesAt) + one.file_bytes);
        set_word(kImageBytesAt,
                 rounded_up(uint64_t{one.address} + std::max(one.bytes, 1U), kPageBytes));
    }

    /// The sum of all words of 16 bits but its own, with the carry, and the file's bytes.
    void write_check_sum() {
        set_word(kCheckSumAt, 0);
        uint64_t sum = 0;
        for (std::size_t at = 0; at + 1 < image_.size(); at += 2)
            sum += get<uint16_t>(at);
        while (sum > 0xffff)
            sum = (sum & 0xffff) + (sum >> 16);
        set_word(kCheckSumAt, static_cast<uint32_t>(sum + image_.size()));
    }

  private:
    [[noreturn]] static void refuse(const std::string& why) {
        throw Failure("the PE file can't be used: " + why);
    }

    std::string image_;
    std::size_t header_ = 0;
};

} // namespace

std::size_t room_for_sections(Bytes image) {
    const Pe pe(image);
    return (pe.first_address() - pe.table_at(pe.count())) / sizeof(SectionHeader);
}

std::string add_sections(Bytes image, const std::vector<NewSection>& sections) {
    const std::size_t room = room_for_sections(image);
    if (sections.size() > room)
        throw Failure("too many files: there is space for " + std::to_string(room) +
                      " sections, and there would be " + std::to_string(sections.size()));
    if (certificate_bytes(image) != 0)
        throw Failure("the PE file is signed: sections are added before");
    Pe pe(image);
    pe.image().resize(rounded_up(image.size(), kFileAlignment), '\0');
    pe.enlarge_headers(pe.count() + sections.size());
    for (const NewSection& section : sections)
        pe.add(section);
    pe.write_check_sum();
    return std::move(pe.image());
}

std::string empty_program() {
    // mov rax, EFI_UNSUPPORTED; ret
    constexpr std::string_view kCode("\x48\xb8\x03\0\0\0\0\0\0\x80\xc3", 11);
    // A block of relocations with two entries that do nothing.
    constexpr std::array<uint32_t, 3> kRelocations = {kPageBytes, 12, 0};
    constexpr uint32_t kHeaderBytes = 1024, kHeaderAt = 64, kOptionalBytes = 240;
    std::string image(kHeaderBytes + 2 * kFileAlignment, '\0');
    const auto put = [&image](std::size_t at, auto value) {
        std::memcpy(image.data() + at, &value, sizeof value);
    };
    const auto put_words = [&put](std::size_t at, std::initializer_list<uint32_t> words) {
        for (const uint32_t word : words)
            put(std::exchange(at, at + sizeof word), word);
    };
    put(0, std::array{'M', 'Z'});
    put(kPeHeaderAt, kHeaderAt);
    put_words(kHeaderAt, {0x4550, 0x00028664}); // x86-64, two sections
    put(kHeaderAt + kOptionalBytesAt, kOptionalBytes);
    put(kHeaderAt + kOptionalBytesAt + 2, uint16_t{0x22e}); // executable, relocations not stripped
    constexpr std::size_t kOptional = kHeaderAt + kOptionalAt;
    // PE32+; bytes of code and data; the entry and the code are at the first page.
    put_words(kOptional, {0x20b, kFileAlignment, kFileAlignment, 0, kPageBytes, kPageBytes});
    put(kOptional + 24, uint64_t{0x10000}); // where it is linked
    put_words(kOptional + 32, {kPageBytes, kFileAlignment});
    put_words(kOptional + kImageBytesAt, {3 * kPageBytes, kHeaderBytes, 0});
    put_words(kOptional + 68, {0x0100000a}); // an EFI application, NX_COMPAT
    for (std::size_t at = 72; at < 104; at += 8)
        put(kOptional + at, uint64_t{0x10000}); // stack and heap, which firmware ignores
    put_words(kOptional + 108, {16});           // data directories; that of the relocations:
    put_words(kOptional + kRelocationsAt, {2 * kPageBytes, sizeof kRelocations});
    constexpr std::size_t kTable = kOptional + kOptionalBytes;
    const uint32_t code_bytes = kCode.size();
    put(kTable, SectionHeader{.name = {'.', 't', 'e', 'x', 't'},
                              .bytes = code_bytes,
                              .address = kPageBytes,
                              .file_bytes = kFileAlignment,
                              .file_offset = kHeaderBytes,
                              .relocations_and_lines = {},
                              .flags = 0x60000020}); // code, readable
    put(kTable + sizeof(SectionHeader),
        SectionHeader{.name = {'.', 'r', 'e', 'l', 'o', 'c'},
                      .bytes = sizeof kRelocations,
                      .address = 2 * kPageBytes,
                      .file_bytes = kFileAlignment,
                      .file_offset = kHeaderBytes + kFileAlignment,
                      .relocations_and_lines = {},
                      .flags = 0x42000040}); // data, readable, not needed any more
    kCode.copy(image.data() + kHeaderBytes, kCode.size());
    put(kHeaderBytes + kFileAlignment, kRelocations);
    return image;
}

uint64_t certificate_bytes(Bytes image) {
    const Pe pe(image);
    return pe.word(kCertificatesAt + sizeof(uint32_t));
}

std::string authenticode_content(Bytes image) {
    Pe pe(image);
    const uint64_t bytes = certificate_bytes(image);
    if (bytes != 0) {
        const uint64_t at = pe.word(kCertificatesAt);
        if (at < pe.table_at(pe.count()) || at + bytes != image.size())
            throw Failure("the PE file is damaged: its signatures aren't at its end");
        pe.image().resize(at);
    }
    pe.image().erase(pe.optional() + kCertificatesAt, 2 * sizeof(uint32_t));
    pe.image().erase(pe.optional() + kCheckSumAt, sizeof(uint32_t));
    return std::move(pe.image());
}

} // namespace baton::tool

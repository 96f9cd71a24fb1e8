// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/spoken.hpp"

#include "elf/notes.hpp"
#include "protocols/other_files.hpp"
#include "tools/baton/desk_file.hpp"
#include "tools/baton/desk_frames.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/spoken_limine.hpp"
#include "tools/baton/spoken_multiboot.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <cstring>

namespace baton::tool {
namespace {

constexpr TypedRange kMuchMemory{.range = {{0}, uint64_t{1} << 44}, .type = BATON_MEMORY_USABLE};

/// "0x10000" or "0x400, 0x300".
std::string values_text(const BatonRequestNote& note) {
    std::string text = hex_text(note.values[0]);
    if (note.values[1] != 0)
        text += ", " + hex_text(note.values[1]);
    return text;
}

/// As the loader says that it isn't, in its log or as an error.
std::optional<bool> is_baton_request_met(const Rehearsal& rehearsal, const std::string& name) {
    const auto& error = rehearsal.error();
    if (error && error->code == ErrorCode::request_not_met && error->subject() == name)
        return false;
    const std::string warning = name == request_name(BATON_REQUEST_PROCESSORS)
                                    ? "the other processors aren't started"
                                    : "the kernel's request " + name + " can't be met";
    if (std::ranges::any_of(rehearsal.log(),
                            [&](const std::string& line) { return line.contains(warning); }))
        return false;
    return error ? std::nullopt : std::optional(true);
}

KernelRequest baton_request(uint32_t type, Bytes descriptor) {
    KernelRequest request;
    const std::string_view name = request_name(type);
    request.name = name.empty() ? "type " + std::to_string(type) : std::string(name);
    BatonRequestNote note{};
    std::memcpy(&note.flags, descriptor.data(),
                std::min(descriptor.size(), sizeof note - offsetof(BatonRequestNote, flags)));
    request.is_required = (note.flags & BATON_REQUEST_REQUIRED) != 0;
    if (type == BATON_REQUEST_MODULE) {
        const Bytes path = descriptor.subspan(std::min<std::size_t>(4, descriptor.size()));
        request.values.assign(reinterpret_cast<const char*>(path.data()), path.size());
        request.values.resize(std::min(request.values.find('\0'), request.values.size()));
    } else if (!name.empty()) {
        request.values = values_text(note);
    }
    request.is_met = [name = request.name, is_known = !name.empty()](const Rehearsal& rehearsal) {
        return is_known ? is_baton_request_met(rehearsal, name) : std::optional(false);
    };
    return request;
}

std::vector<KernelRequest> baton_requests(const KernelFile& file) {
    std::vector<KernelRequest> requests;
    const elf::Image& image = file.image();
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image.program_header(i);
        if (header.p_type != elf::PT_NOTE || !fits(header.p_offset, header.p_filesz, file.size()))
            continue;
        const auto segment = file.bytes(header.p_offset, header.p_filesz);
        if (!segment)
            continue;
        elf::NoteReader notes(*segment, header.p_align, i);
        for (auto note = notes.next(); note && *note; note = notes.next())
            if ((*note)->owner == BATON_REQUEST_OWNER)
                requests.push_back(baton_request((*note)->type, (*note)->descriptor));
    }
    return requests;
}

std::vector<KernelRequest> requests_of(std::string_view protocol, const KernelFile& file,
                                       const Requests& found) {
    if (protocol == "limine")
        return limine_requests(*static_cast<const LimineRequests*>(found.own));
    if (protocol == "baton")
        return baton_requests(file);
    if (protocol == "multiboot2")
        return multiboot2_requests(file);
    if (protocol == "multiboot")
        return multiboot1_requests(file);
    return {};
}

/// What says that a file speaks a protocol.
std::string mark_of(std::string_view protocol, const KernelFile& file, const Requests& found) {
    if (protocol == "limine")
        return limine_mark(*static_cast<const LimineRequests*>(found.own));
    if (protocol == "baton")
        return string_of(Text().count(baton_requests(file).size(), "note"));
    if (protocol == "multiboot2")
        return multiboot2_mark(file);
    if (protocol == "multiboot")
        return multiboot1_mark(file);
    if (protocol == "pvh")
        return "a note with the 32-bit entry point";
    if (protocol == "plain")
        return "any ELF64 file";
    return {};
}

void add_other_files(Bytes head, std::vector<SpokenProtocol>& all) {
    if (is_linux_image(head)) {
        const auto version = read_at<uint16_t>(head, kLinuxBootProtocolVersion);
        all.push_back({.name = "linux",
                       .mark = "a bzImage, Linux's boot protocol " + std::to_string(version >> 8) +
                               "." + std::to_string(version & 0xff),
                       .error = {}});
    }
    if (is_efi_program(head))
        all.push_back({.name = "uefi", .mark = "a program of UEFI's (PE)", .error = {}});
}

/// The protocol's name as the settings have it; empty: the loader chooses.
std::string wanted_protocol(const std::vector<Setting>& settings) {
    std::string wanted; // of several, the last one counts
    for (const Setting& setting : settings)
        if (setting.key == "protocol")
            wanted = setting.value == "auto" ? "" : setting.value;
    return wanted;
}

} // namespace

SpokenProtocols find_spoken_protocols(const Rehearsal::Given& given) {
    SpokenProtocols spoken;
    DeskFrames frames({&kMuchMemory, 1});
    HeapArena arena;
    DeskFile file(given.kernel);
    const auto kernel = KernelFile::open(file, frames, arena);
    if (!kernel)
        return spoken;
    for (const Protocol* const protocol : protocols()) {
        const auto requests = protocol->recognise(*kernel, arena);
        // The last one takes any ELF64 file: why it doesn't take another is the loader's error.
        if (requests ? !*requests : protocol == protocols().back())
            continue;
        SpokenProtocol one{.name = std::string(protocol->name()), .mark = {}, .error = {}};
        if (requests)
            one.mark = mark_of(protocol->name(), *kernel, **requests);
        else
            one.error = requests.error();
        spoken.all.push_back(std::move(one));
    }
    add_other_files(kernel->head(), spoken.all);
    const auto used = recognise(*kernel, wanted_protocol(given.settings), arena);
    for (SpokenProtocol& one : spoken.all)
        one.is_used = used && one.name == used->protocol->name();
    if (used)
        spoken.requests = requests_of(used->protocol->name(), *kernel, used->requests);
    return spoken;
}

} // namespace baton::tool

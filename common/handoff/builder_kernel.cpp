// SPDX-License-Identifier: BSD-2-Clause
//
// The first part of a handoff: the kernel and its modules get into their frames.
#include "config/foreign_path.hpp"
#include "config/path.hpp"
#include "handoff/builder.hpp"
#include "plan/odd_segments.hpp"
#include "plan/relocate.hpp"
#include "plan/slide.hpp"
#include "plan/write_execute.hpp"

#include <algorithm>

namespace baton {

Result<void> HandoffBuilder::read_headers() {
    const auto file = given_.platform.open_kernel(entry().kernel);
    if (!file)
        return std::unexpected(file.error());
    const uint64_t start = log().now();
    const auto kernel = KernelFile::open(**file, frames(), decompressed_);
    if (!kernel)
        return std::unexpected(kernel.error());
    kernel_ = *kernel;
    if (decompressed_)
        describe_decompression(entry().kernel, *decompressed_, start);
    const auto requests = kernel_->read_requests();
    if (!requests)
        return std::unexpected(requests.error());
    requests_ = *requests;
    apply_entry();
    if (requests_.unknown_count != 0)
        log().line(Text()
                       .add("this version doesn't know what the kernel requests in ")
                       .count(requests_.unknown_count, "note"));
    for (uint32_t type = 0; type < 32; ++type)
        if ((requests_.left_out >> type & 1) != 0)
            leave_out_request(type);
    if (auto decided = decide_runtime_map(); !decided)
        return decided;
    return decide_paging_levels();
}

/// What the person at the machine says goes over what the kernel requests.
void HandoffBuilder::apply_entry() {
    kaslr_ = entry().kaslr == Switch::unset ? requests_.kaslr : entry().kaslr == Switch::on;
    if (entry().write_execute != WriteExecute::unset)
        requests_.refuse_write_execute = entry().write_execute == WriteExecute::refuse;
    if (entry().watchdog) {
        requests_.watchdog_seconds = *entry().watchdog;
        requests_.watchdog_required = false;
    }
}

void HandoffBuilder::leave_out_request(uint32_t type) {
    log().warn(Text().add("the kernel's request ").add(request_name(type)).add(" can't be met"));
}

/// SetVirtualAddressMap is called when nothing may fail any more.
Result<void> HandoffBuilder::decide_runtime_map() {
    if (!requests_.runtime_map || given_.platform.can_map_runtime_services())
        return {};
    if (requests_.runtime_map_required)
        return request_not_met(BATON_REQUEST_RUNTIME_MAP, 1);
    requests_.runtime_map = false;
    leave_out_request(BATON_REQUEST_RUNTIME_MAP);
    return {};
}

Result<void> HandoffBuilder::decide_paging_levels() {
    const bool possible = given_.processor.five_level_paging;
    if (requests_.five_level == BATON_FIVE_LEVEL_REQUIRED && !possible)
        return request_not_met(BATON_REQUEST_5_LEVEL_PAGING, requests_.five_level);
    five_level_ = possible && requests_.five_level != BATON_FIVE_LEVEL_NEVER;
    if (requests_.five_level == BATON_FIVE_LEVEL_IF_THERE && !possible)
        log().line(Text().add("the processor has no 5-level paging: 4 levels"));
    return {};
}

Result<uint64_t> HandoffBuilder::choose_slide(const ImageExtent& extent) {
    if (!kernel_->image().header().position_independent) {
        if (kaslr_ && requests_.kaslr_required)
            return request_not_met(BATON_REQUEST_KASLR, 1);
        if (kaslr_)
            log().line(Text().add("the kernel isn't position independent: no KASLR"));
        kaslr_ = false;
        if (requests_.base && *requests_.base != extent.lowest) {
            if (requests_.base_required)
                return request_not_met(BATON_REQUEST_BASE, requests_.base->value);
            leave_out_request(BATON_REQUEST_BASE);
        }
        return 0;
    }
    if (kaslr_ && !given_.random.are_secret()) {
        if (requests_.kaslr_required)
            return fail(ErrorCode::random_numbers_missing);
        log().warn(
            Text().add("no KASLR: neither the firmware nor the processor has random numbers"));
        kaslr_ = false;
    }
    if (kaslr_)
        return random_slide(extent, given_.random.slide);
    const auto slide = slide_to(extent, requests_.base);
    if (slide || !requests_.base || requests_.base_required)
        return slide;
    leave_out_request(BATON_REQUEST_BASE);
    return slide_to(extent, {});
}

Result<void> HandoffBuilder::plan_kernel() {
    const elf::Image& image = kernel_->image();
    const auto extent = measure(image);
    if (!extent)
        return std::unexpected(explained(extent.error()));
    const auto slide = choose_slide(*extent);
    if (!slide)
        return std::unexpected(slide.error());
    auto arena = allocate_arena(frames(), load_plan_bytes(image));
    if (!arena)
        return std::unexpected(arena.error());
    const auto plan = plan_load(image, *slide, address_bits(five_level_), *arena);
    if (!plan)
        return std::unexpected(explained(plan.error()));
    plan_ = *plan;

    describe_kernel();
    if (const auto found = next_write_execute(plan_); found && requests_.refuse_write_execute)
        return fail(ErrorCode::write_execute_refused,
                    {found->pages.base.value - plan_.slide, found->pages.bytes, found->writable,
                     found->executable});
    return {};
}

OtherProtocols HandoffBuilder::other_protocols() const {
    OtherProtocols found = requests_.others;
    found.add(kernel_->other_protocols());
    return found;
}

/// What is wrong with a kernel's segments may be right in another boot protocol.
Error HandoffBuilder::explained(const Error& error) const {
    return error.of_kernel_with(other_protocols());
}

/// Its headers are looked for in what has been loaded: a good kernel's file isn't read for them.
void HandoffBuilder::warn_of_other_protocols() {
    OtherProtocols found = requests_.others;
    found.add(kernel_->other_protocols_in_memory(plan_));
    if (found.empty())
        return;
    Text text;
    describe(found, text);
    log().warn(text.add("; it makes no request of Baton's, and may not find what it expects"));
}

void HandoffBuilder::describe_kernel() {
    Text text;
    text.add("kernel ").add(entry().kernel).add(": ").size(kernel_->size()).add(", ");
    text.count(plan_.segments.size(), "segment").add(", entry ");
    if (!kaslr_)
        log().line(text.hex(plan_.entry.value));
    else
        log().line(text.hex(plan_.entry.value - plan_.slide).add(" + slide"));
    if (plan_.slide != 0 || kernel_->image().header().position_independent)
        describe_place(Text().add("slide ").hex(plan_.slide).add(kaslr_ ? ", at random" : ""));
    if (!requests_.build_id.empty()) {
        Text id;
        id.add("build id ");
        for (const std::byte byte :
             requests_.build_id.first(std::min<std::size_t>(requests_.build_id.size(), 20)))
            id.hex_byte(static_cast<uint8_t>(byte));
        log().line(id);
    }
}

/// A line about where the kernel is. Where that was chosen at random, who reads along on a serial
/// line or a screen has no business with it, unless the entry asks for it.
void HandoffBuilder::describe_place(const TextWriter& text) const {
    const bool is_wanted =
        entry().log == LogTo::ports || entry().log == LogTo::screen || entry().debug == Debug::wait;
    if (kaslr_ && !is_wanted)
        log().private_line(text);
    else
        log().line(text);
}

/// Before anything large is read: a module that isn't there shall not cost the time for that.
Result<void> HandoffBuilder::find_modules() {
    const std::size_t most = entry().modules.size() + requests_.module_count;
    if (most == 0)
        return {};
    auto arena = allocate_arena(frames(), Arena::bytes_for<Module>(most));
    if (!arena)
        return std::unexpected(arena.error());
    const auto room = arena->array<Module>(most);
    if (!room)
        return std::unexpected(room.error());
    modules_ = *room;
    for (const BootModule& module : entry().modules)
        if (auto found = find_module(module.path, module.string); !found)
            return found;
    for (const RequestedModule& module : requests_.requested_modules()) {
        const auto found = find_requested_module(module.path);
        if (!found && module.required)
            return found;
        if (!found)
            log().warn(Text().add("no module ").add(module.path).add(": ").error(found.error()));
    }
    return {};
}

Result<void> HandoffBuilder::find_requested_module(std::string_view path) {
    auto arena = allocate_arena(frames(), path_arena_bytes(path.size()));
    if (!arena)
        return std::unexpected(arena.error());
    const auto normalised = normalise_path(path, {}, *arena);
    if (!normalised)
        return std::unexpected(normalised.error().about(path));
    const auto found = modules_.first(module_count_);
    const bool is_there = std::any_of(found.begin(), found.end(), [&](const Module& module) {
        return module.path == *normalised || module.file == *normalised;
    });
    if (is_there) // the boot entry has it, too
        return {};
    if (auto own = check_no_device(path, {}); !own)
        return own;
    return find_module(*normalised, {});
}

Result<void> HandoffBuilder::find_module(std::string_view path, std::string_view string) {
    const auto file = given_.platform.open_module(path);
    if (!file)
        return std::unexpected(file.error());
    const auto size = (*file)->size();
    if (!size)
        return std::unexpected(size.error().about(path));
    modules_[module_count_++] = {.contents = {{}, *size},
                                 .file = path,
                                 .path = without_compression_suffix(path),
                                 .string = string};
    return {};
}

Result<void> HandoffBuilder::load_kernel() {
    if (auto placed = place(plan_, frames()); !placed)
        return placed;
    describe_plan();
    const uint64_t start = log().now();
    const auto bytes = kernel_->read_segments(plan_);
    if (!bytes)
        return std::unexpected(bytes.error().about(entry().kernel));
    log().rate("kernel read: ", *bytes, start);
    if (!requests_.any)
        warn_of_other_protocols();

    const auto relocations = relocate(plan_, frames());
    if (!relocations)
        return std::unexpected(relocations.error());
    if (relocations->rela + relocations->relr != 0)
        log().line(Text()
                       .add("relocations: ")
                       .decimal(relocations->rela)
                       .add(" RELA, ")
                       .decimal(relocations->relr)
                       .add(" RELR"));
    if (auto loaded = load_symbols(); !loaded)
        return loaded;
    return load_kernel_file();
}

Result<void> HandoffBuilder::load_symbols() {
    if (!requests_.symbols)
        return {};
    const auto symbols = kernel_->read_symbols();
    if (!symbols && requests_.symbols_required)
        return std::unexpected(symbols.error());
    if (!symbols) {
        log().warn(Text().add("the symbol table isn't loaded: ").error(symbols.error()));
        return {};
    }
    symbols_ = *symbols;
    if (!symbols_ && requests_.symbols_required)
        return request_not_met(BATON_REQUEST_SYMBOLS, 1);
    if (!symbols_)
        leave_out_request(BATON_REQUEST_SYMBOLS);
    return {};
}

Result<void> HandoffBuilder::load_kernel_file() {
    if (!requests_.kernel_file)
        return {};
    const uint64_t start = log().now();
    const auto whole = kernel_->read_whole();
    if (!whole && requests_.kernel_file_required)
        return std::unexpected(whole.error().about(entry().kernel));
    if (!whole) {
        Text text;
        text.add("the kernel's file isn't loaded: ").error(whole.error());
        log().warn(text);
        return {};
    }
    whole_kernel_ = *whole;
    log().rate("kernel's file: ", whole->bytes.size(), start);
    return {};
}

Result<void> HandoffBuilder::load_modules() {
    for (Module& module : modules_.first(module_count_))
        if (auto loaded = load_module(module); !loaded)
            return std::unexpected(loaded.error().about(module.file));
    return {};
}

/// Into frames of its own: its bytes, then zeroes to the end of the page. One of 0 bytes has a page
/// of zeroes.
Result<void> HandoffBuilder::load_module(Module& module) {
    const auto origin = module_origin(module.path);
    if (!origin)
        return std::unexpected(origin.error());
    const auto opened = given_.platform.open_module(module.file);
    if (!opened)
        return std::unexpected(opened.error());
    FileSource* file = *opened;
    const uint64_t start = log().now();
    std::optional<DecompressedFile> decompressed;
    if (module.is_compressed()) {
        const auto content = DecompressedFile::open(*file, frames());
        if (!content)
            return std::unexpected(content.error());
        file = &decompressed.emplace(*content);
    }
    const auto size = file->size();
    if (!size)
        return std::unexpected(size.error());
    const auto memory = allocate_block(frames(), *size, {.origin = *origin});
    if (!memory)
        return std::unexpected(memory.error());
    if (auto read = file->read(0, memory->bytes); !read)
        return read;
    const uint64_t whole = std::max<uint64_t>(pages_for(*size), 1) * kPageBytes;
    std::fill_n(memory->bytes.data() + *size, whole - *size, std::byte{0});
    module.contents = {memory->base, *size};
    if (decompressed)
        describe_decompression(module.file, *decompressed, start);
    else
        log().rate(Text().add("module ").add(module.path).add(": ").view(), *size, start);
    return {};
}

void HandoffBuilder::describe_decompression(std::string_view path, DecompressedFile& file,
                                            uint64_t start) {
    Text text;
    text.add(path).add(": ").size(file.compressed_bytes()).add(" of ");
    text.add(name_of(file.compression())).add(", read and decompressed: ");
    log().rate(text.view(), *file.size(), start);
}

/// "module NAME", as the memory map tells the kernel.
Result<const char*> HandoffBuilder::module_origin(std::string_view path) {
    constexpr std::string_view kPrefix = "module ";
    path.remove_prefix(path.rfind('\\') + 1); // from 0 on where there is none
    auto arena = allocate_arena(frames(), kPrefix.size() + path.size() + 1);
    if (!arena)
        return std::unexpected(arena.error());
    const auto text = arena->array<char>(kPrefix.size() + path.size() + 1);
    if (!text)
        return std::unexpected(text.error());
    std::copy(path.begin(), path.end(), std::copy(kPrefix.begin(), kPrefix.end(), text->begin()));
    return text->data();
}

void HandoffBuilder::describe_plan() {
    constexpr std::size_t kShown = 16;
    for (std::size_t i = 0; i < plan_.segments.size() && i < kShown; ++i) {
        const Segment& segment = plan_.segments[i];
        describe_place(Text()
                           .add("segment ")
                           .decimal(segment.program_header)
                           .add(": ")
                           .hex(segment.memory.base.value, 16)
                           .add((segment.flags & elf::PF_R) != 0 ? " r" : " -")
                           .add((segment.flags & elf::PF_W) != 0 ? 'w' : '-')
                           .add((segment.flags & elf::PF_X) != 0 ? "x " : "- ")
                           .size(segment.memory.bytes)
                           .add(" at ")
                           .hex(plan_.physical(segment.memory.base).value));
    }
    if (plan_.segments.size() > kShown)
        log().line(Text().add("and ").count(plan_.segments.size() - kShown, "more segment"));
    std::size_t shown = 0;
    for (const Segment& segment : plan_.segments) {
        Text text;
        if (describe_odd_segment(segment, text) && ++shown <= kShown)
            log().warn(text);
    }
    if (shown > kShown)
        log().warn(Text().count(shown - kShown, "more segment").add(" of that kind"));
    shown = 0;
    for (auto found = next_write_execute(plan_); found;
         found = next_write_execute(plan_, found->pages)) {
        if (++shown > kShown)
            return log().warn(Text().add("and more pages are writable and executable at once"));
        Text text;
        WriteExecutePages linked = *found; // without the slide, as in errors
        linked.pages.base.value -= plan_.slide;
        describe_write_execute(linked, text);
        log().warn(text);
    }
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/limine/requests.hpp"

#include "core/limits.hpp"
#include "plan/address_space.hpp"
#include "protocols/limine/linked_file.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

using limine::Feature;

constexpr std::size_t kMostFound = 256; // markers, tags and requests in all of a file

/// Something that begins with one of the four magics.
struct Found {
    uint64_t address;
    uint64_t bytes; // of the segment, from there on
    uint64_t words[4];
};

/// All that a search finds.
class Search {
  public:
    Search(const KernelFile& file, Arena& arena) : file_(file), arena_(arena) {}

    Result<void> run() {
        found_ = TRY(arena_.scratch<Found>(kMostFound));
        const elf::Image& image = file_.image();
        for (uint32_t i = 0; i < image.program_header_count(); ++i) {
            const elf::Elf64_Phdr segment = image.program_header(i);
            if (segment.p_type == elf::PT_LOAD && segment.p_memsz != 0)
                TRY(search(segment));
        }
        return {};
    }

    /// In the order of the file's segments, between the markers.
    Result<void> take(LimineRequests& requests) {
        for (const Found& found : found_.first(count_)) {
            if (is_between(found))
                TRY(take(found, requests));
        }
        return {};
    }
    bool has_markers() const { return start_ != 0 || end_ != ~uint64_t{0}; }
    std::unexpected<Error> nothing_between() const {
        return fail(ErrorCode::limine_requests_missing, {start_, end_});
    }

  private:
    Result<void> search(const elf::Elf64_Phdr& segment) {
        const Bytes bytes = file_.kept(segment.p_offset, segment.p_filesz);
        for (std::size_t at = -segment.p_vaddr % sizeof(uint64_t);
             fits(at, sizeof(uint64_t), bytes.size()); at += sizeof(uint64_t)) {
            uint64_t word;
            std::memcpy(&word, bytes.data() + at, sizeof word);
            if (word == limine::kRequestMagic[0] || word == limine::kRevisionMagic[0] ||
                word == limine::kStartMarker[0] || word == limine::kEndMarker[0])
                TRY(add(segment.p_vaddr + at, bytes.subspan(at)));
        }
        return {};
    }

    Result<void> add(uint64_t address, Bytes bytes) {
        Found found{.address = address, .bytes = bytes.size(), .words = {}};
        std::memcpy(found.words, bytes.data(), std::min(bytes.size(), sizeof found.words));
        if (std::ranges::equal(found.words, limine::kStartMarker))
            start_ = std::max(start_, address);
        if (begins_with(found, limine::kEndMarker))
            end_ = std::min(end_, address);
        if (!begins_with(found, limine::kRequestMagic) &&
            !begins_with(found, limine::kRevisionMagic))
            return {};
        if (count_ == found_.size())
            return fail(ErrorCode::limine_requests_too_many, {kMostFound});
        found_[count_++] = found;
        return {};
    }

    static bool begins_with(const Found& found, const uint64_t (&magic)[2]) {
        return found.words[0] == magic[0] && found.words[1] == magic[1];
    }

    /// What is there, and complete, and nowhere else.
    Result<void> take(const Found& found, LimineRequests& requests) const {
        const bool is_tag = begins_with(found, limine::kRevisionMagic);
        const uint64_t needed = is_tag ? sizeof(limine::RevisionTag) : sizeof(limine::Request);
        if (found.bytes < needed)
            return fail(ErrorCode::limine_request_cut, {found.address, needed, found.bytes});
        const std::size_t words = is_tag ? 2 : 4; // that say what it is
        for (const Found* other = found_.data(); other != &found; ++other)
            if (is_between(*other) && std::equal(other->words, other->words + words, found.words))
                return fail(ErrorCode::limine_request_twice,
                            {found.words[words - 2], found.words[words - 1], other->address,
                             found.address});
        if (is_tag) {
            requests.tag = found.address;
            requests.revision = found.words[2];
            return {};
        }
        const limine::Id id{found.words[2], found.words[3]};
        const auto* const known = std::ranges::find(limine::kIds, id);
        if (known == std::end(limine::kIds))
            ++requests.unknown_count;
        else
            requests.at[static_cast<std::size_t>(known - limine::kIds)] = found.address;
        return {};
    }

    bool is_between(const Found& found) const {
        return found.address >= start_ && found.address < end_;
    }

    const KernelFile& file_;
    Arena& arena_;
    std::span<Found> found_;
    std::size_t count_ = 0;
    uint64_t start_ = 0;
    uint64_t end_ = ~uint64_t{0};
};

/// Of request revision 0.
struct FirstPagingModeRequest {
    limine::Request head;
    uint64_t mode;
};

/// What requests say, as Baton's own would.
class Reader {
  public:
    Reader(const KernelFile& file, LimineRequests& found, Requests& requests)
        : image_(file),
          found_(found),
          requests_(requests) {}

    Result<void> read(Arena& arena) {
        TRY(read_stack_size());
        TRY(read_paging_mode());
        TRY(read_processors());
        if (const uint64_t address = found_.address(Feature::entry_point)) {
            limine::EntryPointRequest entry_point;
            TRY(request(address, entry_point));
            found_.entry =
                TRY(image_.pointer(address + offsetof(limine::EntryPointRequest, entry)));
        }
        requests_.kernel_file = requests_.kernel_file_required =
            found_.address(Feature::executable_file) != 0;
        return read_modules(arena);
    }

  private:
    template<class T>
    Result<void> request(uint64_t address, T& into) const {
        return copy(address, std::as_writable_bytes(std::span(&into, 1)));
    }
    Result<void> copy(uint64_t address, std::span<std::byte> into) const {
        const Bytes bytes = image_.from(address);
        if (bytes.size() < into.size())
            return fail(ErrorCode::limine_request_cut, {address, into.size(), bytes.size()});
        std::memcpy(into.data(), bytes.data(), into.size());
        return {};
    }

    Result<void> read_stack_size() {
        constexpr uint64_t kLargestStack = uint64_t{1} << 30;
        const uint64_t address = found_.address(Feature::stack_size);
        if (address == 0)
            return {};
        limine::StackSizeRequest stack;
        TRY(request(address, stack));
        if (stack.bytes > kLargestStack)
            return request_not_met(BATON_REQUEST_STACK, stack.bytes);
        requests_.stack_bytes = std::max(kStackBytes, align_up(stack.bytes, kPageBytes));
        return {};
    }

    /// Modes are numbers of levels less four.
    Result<void> read_paging_mode() {
        const uint64_t address = found_.address(Feature::paging_mode);
        if (address == 0)
            return {};
        FirstPagingModeRequest first;
        TRY(request(address, first));
        uint64_t most = first.mode;
        uint64_t least = limine::kPagingFourLevels;
        if (first.head.revision != 0) {
            limine::PagingModeRequest whole;
            TRY(request(address, whole));
            most = whole.max_mode;
            least = whole.min_mode;
        }
        if (least > std::min(most, limine::kPagingFiveLevels))
            return request_not_met(BATON_REQUEST_5_LEVEL_PAGING, least, most);
        if (least == limine::kPagingFiveLevels)
            requests_.five_level = BATON_FIVE_LEVEL_REQUIRED;
        else if (std::min(first.mode, most) >= limine::kPagingFiveLevels)
            requests_.five_level = BATON_FIVE_LEVEL_IF_THERE;
        return {};
    }

    Result<void> read_processors() {
        const uint64_t address = found_.address(Feature::mp);
        requests_.takes_processors = address != 0;
        if (address == 0)
            return {};
        limine::ProcessorsRequest processors;
        TRY(request(address, processors));
        requests_.processors = kMostProcessors;
        requests_.x2apic = (processors.flags & limine::kX2apic) != 0;
        return {};
    }

    Result<void> read_modules(Arena& arena) {
        const uint64_t address = found_.address(Feature::modules);
        if (address == 0)
            return {};
        limine::Request head;
        TRY(request(address, head));
        if (head.revision == 0)
            return {};
        limine::ModulesRequest modules;
        TRY(request(address, modules));
        if (modules.count > kMaxRequestedModules)
            return fail(ErrorCode::requested_modules_too_many, {kMaxRequestedModules});
        requests_.modules = TRY(arena.array<RequestedModule>(modules.count));
        requests_.modules_first = true;
        const uint64_t list =
            TRY(image_.pointer(address + offsetof(limine::ModulesRequest, modules)));
        for (uint64_t i = 0; i < modules.count; ++i) {
            const uint64_t module = TRY(image_.pointer(list + i * sizeof(uint64_t)));
            requests_.modules[requests_.module_count++] = TRY(read_module(module));
        }
        return {};
    }

    Result<RequestedModule> read_module(uint64_t address) {
        using limine::InternalModule;
        InternalModule module;
        TRY(request(address, module));
        return RequestedModule{.path = TRY(image_.text(address + offsetof(InternalModule, path))),
                               .required = (module.flags & limine::kModuleRequired) != 0,
                               .string =
                                   TRY(image_.text(address + offsetof(InternalModule, string))),
                               .is_relative = true,
                               .is_compressed = (module.flags & limine::kModuleCompressed) != 0};
    }

    LinkedFile image_;
    LimineRequests& found_;
    Requests& requests_;
};

} // namespace

Result<const LimineRequests*> find_limine_requests(const KernelFile& file, Arena& arena,
                                                   Requests& requests) {
    if (!LinkedFile(file).can_be_limine() || !TRY(file.keep_segments()))
        return nullptr;
    Search search(file, arena);
    TRY(search.run());
    LimineRequests& found = *TRY(arena.make<LimineRequests>());
    TRY(search.take(found));
    if (found.is_empty() && search.has_markers())
        return search.nothing_between();
    if (found.is_empty())
        return nullptr;
    if (found.revision > limine::kNewestRevision)
        return fail(ErrorCode::limine_revision_unknown, {found.revision, limine::kNewestRevision});
    TRY(Reader(file, found, requests).read(arena));
    return &found;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_entries.hpp"

#include "config/entry_file.hpp"
#include "config/entry_order.hpp"
#include "config/load_options.hpp"
#include "config/loader_config.hpp"
#include "config/unicode.hpp"
#include "core/arena.hpp"
#include "stage1-efi/boot_device.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace baton {
namespace {

constexpr std::string_view kLoaderConfig = "\\loader\\loader.conf";
constexpr std::string_view kEntryDirectory = "\\loader\\entries";

/// Puts a parser's remarks into the log.
class LogRemarks final : public RemarkSink {
  public:
    LogRemarks(Log& log, std::string_view file) : log_(log), file_(file) {}

    void remark(const Remark& remark) override {
        Text text;
        text.add(file_).add(':').decimal(remark.position.line).add(": ");
        describe(remark, text);
        log_.line(text);
    }

  private:
    Log& log_;
    std::string_view file_;
};

Result<Arena> new_arena(FrameSource& frames, uint64_t bytes) {
    const uint64_t pages = std::max<uint64_t>(pages_for(bytes), 1);
    const auto base = frames.allocate({.pages = pages, .origin = "boot entries"});
    if (!base)
        return std::unexpected(base.error());
    return Arena({frames.access(*base), pages * kPageBytes});
}

/// The whole of a text file.
Result<std::string_view> read_text(const File& file, FrameSource& frames) {
    const auto size = file.size();
    if (!size)
        return std::unexpected(size.error());
    if (*size > kMaxConfigBytes)
        return fail(ErrorCode::file_too_large, {*size, kMaxConfigBytes});
    auto arena = new_arena(frames, *size);
    if (!arena)
        return std::unexpected(arena.error());
    const auto bytes = arena->array<std::byte>(*size);
    if (!bytes)
        return std::unexpected(bytes.error());
    if (auto read = file.read(0, *bytes); !read)
        return std::unexpected(read.error());
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

/// Calls `use` with the name of each entry file of the directory.
template<class Use>
void for_each_entry_file(const File& directory, Use use) {
    constexpr std::size_t kLongestName = 256;
    alignas(efi::FileInfoFixedPart)
        std::array<std::byte, sizeof(efi::FileInfoFixedPart) + kLongestName * sizeof(CHAR16)>
            info;
    std::array<std::byte, utf8_arena_bytes(kLongestName * sizeof(CHAR16))> name_room;
    EFI_FILE_PROTOCOL* const handle = directory.get();
    handle->SetPosition(handle, 0);
    while (true) {
        UINTN bytes = info.size();
        if (efi::failed(handle->Read(handle, &bytes, info.data())) ||
            bytes < sizeof(efi::FileInfoFixedPart))
            return; // 0 bytes: the end; an error: what has been found counts
        Arena arena(name_room);
        const auto name =
            to_utf8(Bytes(info).first(bytes).subspan(sizeof(efi::FileInfoFixedPart)), arena);
        if (name && is_entry_file_name(*name))
            use(*name);
    }
}

class EntryFinder {
  public:
    EntryFinder(const File& volume, FrameSource& frames, Log& log)
        : volume_(volume),
          frames_(frames),
          log_(log) {}

    Result<void> add_load_options(Bytes options) {
        auto arena = new_arena(frames_, load_options_arena_bytes(options.size()));
        if (!arena)
            return std::unexpected(arena.error());
        LogRemarks remarks(log_, "load options");
        const auto entry = parse_load_options(options, *arena, remarks);
        if (!entry)
            log_.line(Text().add("load options: ").error(entry.error()));
        else if (*entry)
            entries_[count_++] = **entry;
        return {};
    }

    /// The entries of the directory, sorted, the default one first.
    Result<void> add_files(const File& directory) {
        const std::size_t first = count_;
        Result<void> result;
        for_each_entry_file(directory, [&](std::string_view name) {
            if (result && count_ + 1 < entries_.size())
                result = add_file(directory.open(name, frames_), name);
        });
        if (!result)
            return result;
        const auto files = entries_.subspan(first, count_ - first);
        sort_entries(files);
        if (const auto chosen = find_default(files, default_pattern()))
            std::rotate(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(*chosen),
                        files.begin() + static_cast<std::ptrdiff_t>(*chosen) + 1);
        return {};
    }

    /// Where no directory can be listed: the entry that loader.conf names as the default one.
    Result<void> add_default_file() {
        const std::string_view name = default_pattern();
        Text path;
        path.add(kEntryDirectory).add('\\').add(name).add(is_entry_file_name(name) ? "" : ".conf");
        Text text;
        text.add("TFTP lists no directory, and loader.conf names ");
        log_.line(name.empty() ? text.add("no default entry") : text.add(path.view()));
        if (name.empty())
            return {};
        return add_file(volume_.open(path.view(), frames_),
                        tail(path.view(), kEntryDirectory.size() + 1));
    }

    void add_default_kernel() {
        BootEntry entry;
        entry.kernel = kDefaultKernel;
        entries_[count_++] = entry;
    }

    /// Room for what the directory holds or loader.conf names, the load options and the default
    /// kernel.
    Result<void> make_room(const File* directory) {
        std::size_t files = 0;
        if (directory != nullptr)
            for_each_entry_file(*directory, [&](std::string_view) { ++files; });
        auto arena = new_arena(frames_, Arena::bytes_for<BootEntry>(files + 3));
        if (!arena)
            return std::unexpected(arena.error());
        const auto room = arena->array<BootEntry>(files + 3);
        if (!room)
            return std::unexpected(room.error());
        entries_ = *room;
        return {};
    }

    std::span<const BootEntry> entries() const { return entries_.first(count_); }

  private:
    /// `name` is that of the file.
    Result<void> add_file(const Result<File>& file, std::string_view name) {
        const auto text = file ? read_text(*file, frames_) : std::unexpected(file.error());
        if (!text) {
            log_.line(Text().add(name).add(": ").error(text.error()));
            return {};
        }
        auto arena = new_arena(frames_, entry_arena_bytes(text->size()) + name.size());
        if (!arena)
            return std::unexpected(arena.error());
        const auto kept_name = arena->array<char>(name.size());
        if (!kept_name)
            return std::unexpected(kept_name.error());
        std::copy(name.begin(), name.end(), kept_name->begin());
        LogRemarks remarks(log_, name);
        const auto entry =
            parse_entry({kept_name->data(), kept_name->size()}, *text, *arena, remarks);
        if (entry)
            entries_[count_++] = *entry;
        else if (is_entry_for_others(entry.error()))
            log_.line(
                Text().add(name).add(": skipped: ").add(describe(entry.error().code).sentence));
        else
            log_.line(Text().add(name).add(": ").error(entry.error()));
        return {};
    }

    std::string_view default_pattern() {
        const auto file = volume_.open(kLoaderConfig, frames_);
        if (!file && file.error().code == ErrorCode::file_not_found)
            return {};
        const auto text = file ? read_text(*file, frames_) : std::unexpected(file.error());
        LogRemarks remarks(log_, "loader.conf");
        const auto config = text ? parse_loader_config(*text, remarks)
                                 : Result<LoaderConfig>(std::unexpected(text.error()));
        if (config)
            return config->default_pattern;
        log_.line(Text().add("loader.conf: ").error(config.error()));
        return {};
    }

    const File& volume_;
    FrameSource& frames_;
    Log& log_;
    std::span<BootEntry> entries_;
    std::size_t count_ = 0;
};

} // namespace

Result<std::span<const BootEntry>> find_boot_entries(const efi::Firmware& firmware,
                                                     const File& volume, FrameSource& frames,
                                                     Log& log) {
    EntryFinder finder(volume, frames, log);
    std::optional<File> directory;
    if (volume.lists_directories())
        if (auto opened = volume.open(kEntryDirectory, frames))
            directory.emplace(std::move(*opened));
    if (auto room = finder.make_room(directory ? &*directory : nullptr); !room)
        return std::unexpected(room.error());
    if (auto added = finder.add_load_options(load_options(firmware)); !added)
        return std::unexpected(added.error());
    Result<void> added;
    if (directory)
        added = finder.add_files(*directory);
    else if (!volume.lists_directories())
        added = finder.add_default_file();
    if (!added)
        return std::unexpected(added.error());
    finder.add_default_kernel();
    return finder.entries();
}

} // namespace baton

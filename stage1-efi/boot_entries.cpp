// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_entries.hpp"

#include "config/entry_file.hpp"
#include "config/lines.hpp"
#include "config/unicode.hpp"
#include "core/arena.hpp"
#include "stage1-efi/step_limit.hpp"

#include <algorithm>
#include <utility>

namespace baton {
namespace {

constexpr std::string_view kEntryDirectory = "\\loader\\entries";
constexpr std::string_view kSuffix = ".conf";

} // namespace

void VolumeEntries::start_list(std::string_view default_pattern) {
    if (volume_.lists_directories()) {
        if (auto opened = volume_.open(kEntryDirectory, frames_))
            directory_.emplace(std::move(*opened));
        return;
    }
    const std::string_view suffix = is_entry_file_name(default_pattern) ? "" : kSuffix;
    Text text;
    text.add("TFTP lists no directory, and loader.conf names ");
    if (default_pattern.empty() || default_pattern.size() + suffix.size() > name_buffer_.size()) {
        log_.line(text.add("no default entry"));
        return;
    }
    const auto end =
        std::copy(suffix.begin(), suffix.end(),
                  std::copy(default_pattern.begin(), default_pattern.end(), name_buffer_.begin()));
    default_name_ = {name_buffer_.begin(), end};
    log_.line(text.put("%v\\%v", kEntryDirectory, default_name_));
}

std::optional<std::string_view> VolumeEntries::next_name() {
    if (!directory_)
        return default_name_.empty() ? std::nullopt
                                     : std::optional(std::exchange(default_name_, {}));
    constexpr std::size_t kLongestName = 256;
    alignas(efi::FileInfoFixedPart)
        std::array<std::byte, sizeof(efi::FileInfoFixedPart) + kLongestName * sizeof(CHAR16)>
            info;
    UINTN bytes = info.size();
    renew_step_limit();
    EFI_FILE_PROTOCOL* const handle = directory_->get();
    const EFI_STATUS status = handle->Read(handle, &bytes, info.data());
    if (efi::failed(status)) {
        log_.line("%v can't be read on: status %x", kEntryDirectory, status);
        return std::nullopt;
    }
    if (bytes < sizeof(efi::FileInfoFixedPart) || bytes > info.size())
        return std::nullopt; // 0 bytes: the end
    Arena name(std::as_writable_bytes(std::span(name_buffer_)));
    return to_utf8(Bytes(info).first(bytes).subspan(sizeof(efi::FileInfoFixedPart)), name)
        .value_or("");
}

Result<std::string_view> VolumeEntries::read_entry(std::string_view name, Arena& arena) {
    if (directory_)
        return read_text(*directory_, name, arena);
    Text path;
    return read_text(volume_, path.add(kEntryDirectory).add('\\').add(name).view(), arena);
}

Result<std::string_view> VolumeEntries::read_file(std::string_view path, Arena& arena) {
    return read_text(volume_, path, arena);
}

bool VolumeEntries::may_have_limine() {
    return volume_.lists_directories() && !volume_.open(kDefaultKernel, frames_);
}

Result<std::string_view> VolumeEntries::read_text(const File& directory, std::string_view path,
                                                  Arena& arena) {
    File file = TRY(directory.open(path, frames_));
    const uint64_t size = TRY(file.size(reader_, kMaxConfigBytes));
    if (size > kMaxConfigBytes)
        return fail(ErrorCode::file_too_large, {size, kMaxConfigBytes});
    const auto bytes = TRY(arena.scratch<std::byte>(size));
    TRY(file.read(reader_, 0, bytes));
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

} // namespace baton

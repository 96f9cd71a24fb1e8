// SPDX-License-Identifier: BSD-2-Clause
#include "files.hpp"

#include "faults.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace shim {
namespace {

constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
constexpr EFI_GUID kFileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;

EFI_SIMPLE_FILE_SYSTEM_PROTOCOL* boot_file_system() {
    const auto* const own =
        protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware.image, kLoadedImageGuid);
    auto* const system =
        protocol_on<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(own->DeviceHandle, kFileSystemGuid);
    if (system == nullptr)
        give_up("no file system on", "the boot device");
    return system;
}

/// The firmware's functions, which are the same for all files of a volume.
decltype(EFI_SIMPLE_FILE_SYSTEM_PROTOCOL::OpenVolume) open_volume;
EFI_FILE_PROTOCOL real;

std::array<EFI_FILE_PROTOCOL*, 64> open_files;
std::size_t open_count;
bool are_high_reads_refused;
UINTN most_read_at_once = ~UINTN{0};
UINTN said_to_be_read_more;
UINTN said_to_be_longer;
std::optional<UINT64> said_size;
UINTN largest_read = ~UINTN{0};
UINTN longest_name = ~UINTN{0};
bool do_errors_stick;
std::array<EFI_FILE_PROTOCOL*, 64> failed_files;
std::size_t failed_count;
std::u16string_view endless_name; // empty: directories end

/// A file that has other contents once it has been read.
struct Swapped {
    std::string_view name;
    UINTN bytes_left; // to be read as they are
    std::array<EFI_FILE_PROTOCOL*, 8> handles;
    std::size_t handle_count;
} swapped{};

EFI_FILE_PROTOCOL* hooked(EFI_FILE_PROTOCOL* file);

bool is_swapped(const EFI_FILE_PROTOCOL* file) {
    return std::ranges::find(swapped.handles, file) != swapped.handles.end();
}

EFI_STATUS EFIAPI open(EFI_FILE_PROTOCOL* directory, EFI_FILE_PROTOCOL** file, CHAR16* name,
                       UINT64 mode, UINT64 attributes) {
    if (const auto status = planned_failure(Call::Open, __builtin_return_address(0)))
        return *status;
    if (std::u16string_view(reinterpret_cast<char16_t*>(name)).size() > longest_name) {
        say(Text().add("refused a long name"));
        return EFI_NOT_FOUND;
    }
    const EFI_STATUS status = real.Open(directory, file, name, mode, attributes);
    if (!failed(status))
        *file = hooked(*file);
    const std::u16string_view path(reinterpret_cast<char16_t*>(name));
    if (!failed(status) && std::ranges::equal(path, swapped.name))
        swapped.handles[swapped.handle_count++ % swapped.handles.size()] = *file;
    return status;
}

EFI_STATUS EFIAPI close(EFI_FILE_PROTOCOL* file) {
    std::ranges::replace(swapped.handles, file, nullptr);
    auto* const end = open_files.data() + open_count;
    auto* const known = std::find(open_files.data(), end, file);
    if (known != end)
        *known = open_files[--open_count];
    auto* const last = failed_files.data() + failed_count;
    failed_count = static_cast<std::size_t>(std::remove(failed_files.data(), last, file) -
                                            failed_files.data());
    return real.Close(file);
}

EFI_STATUS EFIAPI get_info(EFI_FILE_PROTOCOL* file, EFI_GUID* type, UINTN* bytes, void* into) {
    if (const auto status = planned_failure(Call::GetInfo, __builtin_return_address(0)))
        return *status;
    const EFI_STATUS status = real.GetInfo(file, type, bytes, into);
    if (!failed(status)) {
        auto* const info = static_cast<EFI_FILE_INFO*>(into);
        info->FileSize = said_size.value_or(info->FileSize + said_to_be_longer);
    }
    return status;
}

EFI_STATUS EFIAPI set_position(EFI_FILE_PROTOCOL* file, UINT64 position) {
    if (const auto status = planned_failure(Call::SetPosition, __builtin_return_address(0)))
        return *status;
    return real.SetPosition(file, position);
}

bool is_directory(EFI_FILE_PROTOCOL* file) {
    alignas(EFI_FILE_INFO) std::array<char, 1024> info{};
    UINTN bytes = info.size();
    EFI_GUID guid = EFI_FILE_INFO_ID;
    return !failed(real.GetInfo(file, &guid, &bytes, info.data())) &&
           (reinterpret_cast<EFI_FILE_INFO*>(info.data())->Attribute & EFI_FILE_DIRECTORY) != 0;
}

/// One more entry of this name.
EFI_STATUS read_endless(UINTN* bytes, void* into) {
    auto* const info = static_cast<EFI_FILE_INFO*>(into);
    *info = {};
    const auto end = std::copy(endless_name.begin(), endless_name.end(), info->FileName);
    *end = 0;
    *bytes = static_cast<UINTN>(reinterpret_cast<char*>(end + 1) - static_cast<char*>(into));
    info->Size = *bytes;
    return EFI_SUCCESS;
}

/// What EDK II's FAT driver does: it reads, and then says again that a read has failed.
EFI_STATUS stick(EFI_FILE_PROTOCOL* file, EFI_STATUS status) {
    auto* const end = failed_files.data() + failed_count;
    if (!do_errors_stick)
        return status;
    if (std::find(failed_files.data(), end, file) != end)
        return EFI_DEVICE_ERROR;
    if (failed(status) && failed_count < failed_files.size())
        failed_files[failed_count++] = file;
    return status;
}

/// What is read after the file's last byte has been read once has all bits changed.
void swap(std::span<UINT8> read) {
    const UINTN first = std::min<UINTN>(swapped.bytes_left, read.size());
    swapped.bytes_left -= first;
    if (first < read.size())
        say(Text().add("swapped a file"));
    std::ranges::transform(read.subspan(first), read.subspan(first).begin(),
                           [](UINT8 byte) { return static_cast<UINT8>(~byte); });
}

EFI_STATUS EFIAPI read(EFI_FILE_PROTOCOL* file, UINTN* bytes, void* into) {
    if (const auto status = planned_failure(Call::Read, __builtin_return_address(0)))
        return stick(file, *status);
    if (!endless_name.empty() && is_directory(file))
        return read_endless(bytes, into);
    if (*bytes > largest_read) {
        say(Text().add("refused a large read"));
        return stick(file, EFI_BAD_BUFFER_SIZE);
    }
    if (are_high_reads_refused && (reinterpret_cast<UINT64>(into) + *bytes) >> 32 != 0) {
        say(Text().add("refused to read above 4 GiB"));
        return stick(file, EFI_DEVICE_ERROR);
    }
    *bytes = std::min(*bytes, most_read_at_once);
    const EFI_STATUS status = real.Read(file, bytes, into);
    if (is_swapped(file) && !failed(status))
        swap(std::span(static_cast<UINT8*>(into), *bytes));
    *bytes += said_to_be_read_more;
    return stick(file, status);
}

EFI_FILE_PROTOCOL* hooked(EFI_FILE_PROTOCOL* file) {
    if (open_count == open_files.size())
        give_up("too many", "files");
    open_files[open_count++] = file;
    real = *file;
    file->Open = open;
    file->Close = close;
    file->GetInfo = get_info;
    file->SetPosition = set_position;
    file->Read = read;
    return file;
}

EFI_STATUS EFIAPI hooked_open_volume(EFI_SIMPLE_FILE_SYSTEM_PROTOCOL* system,
                                     EFI_FILE_PROTOCOL** root) {
    if (const auto status = planned_failure(Call::OpenVolume, __builtin_return_address(0)))
        return *status;
    const EFI_STATUS status = open_volume(system, root);
    if (!failed(status))
        *root = hooked(*root);
    return status;
}

} // namespace

EFI_FILE_PROTOCOL* open_boot_volume() {
    auto* const system = boot_file_system();
    EFI_FILE_PROTOCOL* root = nullptr;
    if (failed(system->OpenVolume(system, &root)))
        give_up("can't open", "the boot volume");
    return root;
}

UINTN read_boot_file(std::u16string_view path, void* into, UINTN room) {
    std::array<CHAR16, 64> name{};
    std::copy(path.begin(), path.end(), name.begin());
    EFI_FILE_PROTOCOL* const root = open_boot_volume();
    EFI_FILE_PROTOCOL* file = nullptr;
    UINTN bytes = room;
    if (failed(root->Open(root, &file, name.data(), EFI_FILE_MODE_READ, 0)) ||
        failed(file->Read(file, &bytes, into)))
        give_up("can't read", path == u"\\shim\\plan.txt" ? "plan.txt" : "loader.efi");
    file->Close(file);
    root->Close(root);
    return bytes;
}

void hook_files() {
    auto* const system = boot_file_system();
    open_volume = system->OpenVolume;
    system->OpenVolume = hooked_open_volume;
}

UINTN files_open() {
    return open_count;
}

void close_open_files() {
    while (open_count != 0)
        real.Close(open_files[--open_count]);
}

void refuse_high_reads() {
    are_high_reads_refused = true;
}

void shorten_reads(std::string_view arguments) {
    most_read_at_once = take_number(arguments);
}

void lengthen_reads(std::string_view arguments) {
    said_to_be_read_more = take_number(arguments);
}

void set_file_sizes(std::string_view arguments) {
    said_size = take_number(arguments);
}

void limit_reads(std::string_view arguments) {
    largest_read = take_number(arguments);
}

void limit_names(std::string_view arguments) {
    longest_name = take_number(arguments);
}

void swap_file(std::string_view arguments) {
    swapped.name = take_word(arguments);
    swapped.bytes_left = take_number(arguments);
}

void let_errors_stick() {
    do_errors_stick = true;
}

void let_directories_go_on(std::string_view arguments) {
    const std::string_view name = take_word(arguments);
    auto* const wide = static_cast<char16_t*>(allocate_pool(name.size() * sizeof(char16_t)));
    std::copy(name.begin(), name.end(), wide);
    endless_name = {wide, name.size()};
}

void lengthen_files(std::string_view arguments) {
    said_to_be_longer = take_number(arguments);
}

} // namespace shim

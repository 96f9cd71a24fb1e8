// SPDX-License-Identifier: BSD-2-Clause
#include "files.hpp"

#include "faults.hpp"

#include <algorithm>
#include <array>

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

EFI_FILE_PROTOCOL* hooked(EFI_FILE_PROTOCOL* file);

EFI_STATUS EFIAPI open(EFI_FILE_PROTOCOL* directory, EFI_FILE_PROTOCOL** file, CHAR16* name,
                       UINT64 mode, UINT64 attributes) {
    if (const auto status = planned_failure(Call::Open, __builtin_return_address(0)))
        return *status;
    const EFI_STATUS status = real.Open(directory, file, name, mode, attributes);
    if (!failed(status))
        *file = hooked(*file);
    return status;
}

EFI_STATUS EFIAPI close(EFI_FILE_PROTOCOL* file) {
    auto* const end = open_files.data() + open_count;
    auto* const known = std::find(open_files.data(), end, file);
    if (known != end)
        *known = open_files[--open_count];
    return real.Close(file);
}

EFI_STATUS EFIAPI get_info(EFI_FILE_PROTOCOL* file, EFI_GUID* type, UINTN* bytes, void* into) {
    if (const auto status = planned_failure(Call::GetInfo, __builtin_return_address(0)))
        return *status;
    const EFI_STATUS status = real.GetInfo(file, type, bytes, into);
    if (!failed(status))
        static_cast<EFI_FILE_INFO*>(into)->FileSize += said_to_be_longer;
    return status;
}

EFI_STATUS EFIAPI set_position(EFI_FILE_PROTOCOL* file, UINT64 position) {
    if (const auto status = planned_failure(Call::SetPosition, __builtin_return_address(0)))
        return *status;
    return real.SetPosition(file, position);
}

EFI_STATUS EFIAPI read(EFI_FILE_PROTOCOL* file, UINTN* bytes, void* into) {
    if (const auto status = planned_failure(Call::Read, __builtin_return_address(0)))
        return *status;
    if (are_high_reads_refused && (reinterpret_cast<UINT64>(into) + *bytes) >> 32 != 0) {
        say(Text().add("refused to read above 4 GiB"));
        return EFI_DEVICE_ERROR;
    }
    *bytes = std::min(*bytes, most_read_at_once);
    const EFI_STATUS status = real.Read(file, bytes, into);
    *bytes += said_to_be_read_more;
    return status;
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

void lengthen_files(std::string_view arguments) {
    said_to_be_longer = take_number(arguments);
}

} // namespace shim

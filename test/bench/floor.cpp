// SPDX-License-Identifier: BSD-2-Clause
//
// The floors: the least that a UEFI application can do to boot \baton\kernel.elf, whose segments go
// to their physical addresses, in ascending order in file and memory, with no more than the
// firmware's own page tables. No checks, no log, nothing for the kernel to know. FLOOR is one of:
//
//     read_copy  one Read of the file, then the segments are copied to their places
//     direct     the headers are read, then each segment straight to its place
//     merged     the headers are read, then all segments in one Read straight to their places; the
//                file must hold them as far apart as memory does
//     asynchronous
//                the same by ReadEx (UEFI 2.10 section 13.5.6), and nothing else until it is done
//
// Then what is beyond the file's bytes is zeroed, the firmware left, the kernel entered.
#include "application.hpp"
#include "elf/format.hpp"

#include <cstring>

namespace bench {
namespace {

enum class Floor { read_copy, direct, merged, asynchronous };
constexpr Floor kFloor = Floor::FLOOR;
constexpr UINTN kHeaderBytes = 4096;

EFI_BOOT_SERVICES* boot;
EFI_FILE_PROTOCOL* file;

void open_kernel(EFI_HANDLE image) {
    constexpr EFI_GUID kFileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    static char16_t path[] = u"\\baton\\kernel.elf";
    auto* const volume = protocol_on<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(
        boot, boot_device(boot, image), kFileSystemGuid);
    EFI_FILE_PROTOCOL* root = nullptr;
    require(volume->OpenVolume(volume, &root), "OpenVolume");
    require(root->Open(root, &file, reinterpret_cast<CHAR16*>(path), EFI_FILE_MODE_READ, 0),
            "Open");
}

UINT8* allocate(EFI_ALLOCATE_TYPE type, UINT64 address, UINT64 bytes) {
    const UINTN pages = (bytes + kPageBytes - 1) / kPageBytes;
    require(boot->AllocatePages(type, EfiLoaderData, pages, &address), "AllocatePages");
    return reinterpret_cast<UINT8*>(address);
}

void read(UINT64 offset, UINT64 bytes, void* into) {
    require(file->SetPosition(file, offset), "SetPosition");
    UINTN count = bytes;
    require(file->Read(file, &count, into), "Read");
}

void read_asynchronously(UINT64 offset, UINT64 bytes, void* into) {
    EFI_FILE_IO_TOKEN token{};
    require(boot->CreateEvent(0, 0, nullptr, nullptr, &token.Event), "CreateEvent");
    token.BufferSize = bytes;
    token.Buffer = into;
    require(file->SetPosition(file, offset), "SetPosition");
    require(file->ReadEx(file, &token), "ReadEx");
    while (boot->CheckEvent(token.Event) == EFI_NOT_READY) {
    }
    require(token.Status, "what ReadEx began");
}

UINT64 file_bytes() {
    constexpr UINT64 kEnd = ~UINT64{0};
    UINT64 bytes = 0;
    require(file->SetPosition(file, kEnd), "SetPosition");
    require(file->GetPosition(file, &bytes), "GetPosition");
    return bytes;
}

void leave_firmware(EFI_HANDLE image) {
    UINT8 map[16384];
    UINTN bytes = sizeof map, key = 0, descriptor_bytes = 0;
    UINT32 version = 0;
    require(boot->GetMemoryMap(&bytes, reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(map), &key,
                               &descriptor_bytes, &version),
            "GetMemoryMap");
    require(boot->ExitBootServices(image, key), "ExitBootServices");
}

UINT8* at(UINT64 address) {
    return reinterpret_cast<UINT8*>(address);
}

/// Puts the kernel's segments where they belong. Returns its entry.
UINT64 load() {
    const bool whole = kFloor == Floor::read_copy;
    const UINT64 bytes = whole ? file_bytes() : kHeaderBytes;
    UINT8 headers[kHeaderBytes];
    UINT8* const content = whole ? allocate(AllocateAnyPages, 0, bytes) : headers;
    read(0, bytes, content);

    const auto* const header = reinterpret_cast<const baton::elf::Elf64_Ehdr*>(content);
    const auto* const first =
        reinterpret_cast<const baton::elf::Elf64_Phdr*>(content + header->e_phoff);
    const auto* last = first + header->e_phnum - 1;
    while (last->p_type != baton::elf::PT_LOAD) // the note of Baton's request
        --last;
    allocate(AllocateAddress, first->p_paddr, last->p_paddr + last->p_memsz - first->p_paddr);
    if (kFloor == Floor::merged || kFloor == Floor::asynchronous)
        (kFloor == Floor::merged ? read : read_asynchronously)(
            first->p_offset, last->p_offset + last->p_filesz - first->p_offset, at(first->p_paddr));
    for (const auto* segment = first; segment <= last; ++segment) {
        if (kFloor == Floor::read_copy)
            std::memcpy(at(segment->p_paddr), content + segment->p_offset, segment->p_filesz);
        if (kFloor == Floor::direct)
            read(segment->p_offset, segment->p_filesz, at(segment->p_paddr));
        std::memset(at(segment->p_paddr + segment->p_filesz), 0,
                    segment->p_memsz - segment->p_filesz);
    }
    return header->e_entry;
}

} // namespace
} // namespace bench

extern "C" EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    using namespace bench;
    boot = system->BootServices;
    open_kernel(image);
    const UINT64 entry = load();
    leave_firmware(image);
    asm volatile("jmp *%0" : : "r"(entry), "D"(0)); // no BootInfo
    __builtin_unreachable();
}

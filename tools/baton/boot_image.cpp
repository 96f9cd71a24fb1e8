// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/boot_image.hpp"

#include "compression/compression.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/process.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kSectorBytes = 512;
constexpr uint64_t kLargestFile = (uint64_t{4} << 30) - 1; // FAT counts a file's bytes in 32 bits
constexpr uint64_t kFirstPartition = kMiB; // in bytes, where partitioning tools begin
constexpr uint64_t kTableBytes = kMiB;     // after the last one: the other copy of the table
constexpr const char* kSystemPartition = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

struct PlacedFile {
    fs::path from;
    std::string to; // with slashes, from the root
};

struct Volume {
    std::vector<PlacedFile> files;
    uint64_t bytes; // that it should have
};

void check_size(const fs::path& file) {
    if (!fs::is_regular_file(file))
        throw Failure("there is no file " + file.string());
    if (fs::file_size(file) == 0)
        throw Failure(file.string() + " is empty");
    if (fs::file_size(file) > kLargestFile)
        throw Failure(file.string() + " is too large: a FAT volume takes files of less than 4 GiB");
}

/// Writes the boot entry, and says what goes where.
Volume plan_volume(const BootFiles& given, const ScratchDirectory& scratch) {
    // A compressed one keeps the suffix that says so.
    const std::string name = given.kernel.filename().string();
    const std::string kernel =
        "/baton/kernel.elf" + name.substr(without_compression_suffix(name).size());
    Volume volume{
        .files = {{data_file("BOOTX64.EFI"), "/EFI/BOOT/BOOTX64.EFI"}, {given.kernel, kernel}},
        .bytes = 0};
    std::string entry = "title " + given.title + "\nkernel " + kernel + "\n";
    for (const Setting& setting : given.settings)
        entry += setting.key + " " + setting.value + "\n";
    for (const std::string& text : given.command_line)
        entry += "options " + text + "\n";
    for (std::size_t i = 0; i < given.modules.size(); ++i) {
        // A folder for each, since two files may have the same name.
        const Module& module = given.modules[i];
        std::string path = "/baton/" + std::to_string(i) + "/" + module.file.filename().string();
        entry += "module \"" + path + "\" " + module.string + "\n";
        volume.files.push_back({module.file, std::move(path)});
    }
    const fs::path entry_file = scratch / "entry.conf";
    write_file(entry_file, entry);
    volume.files.push_back({entry_file, "/loader/entries/baton.conf"});
    for (const PlacedFile& file : volume.files) {
        check_size(file.from);
        // A FAT of 32 bits for each cluster of 512 bytes, two of them, and what a cluster isn't
        // full of.
        volume.bytes += fs::file_size(file.from) * 66 / 64 + 2 * kMiB / 16;
    }
    return volume;
}

uint64_t whole_mib(uint64_t bytes) {
    return (bytes + kMiB - 1) / kMiB * kMiB;
}

/// Fills the part of `image` from `offset` on with a FAT file system and the files.
void make_volume(const Volume& volume, const fs::path& image, uint64_t offset, uint64_t bytes,
                 const Words& format) {
    const std::string place = image.string() + "@@" + std::to_string(offset);
    Words words{"mformat",
                "-i",
                place,
                "-T",
                std::to_string(bytes / kSectorBytes),
                "-H",
                std::to_string(offset / kSectorBytes),
                "-v",
                "BATON"};
    words.insert(words.end(), format.begin(), format.end());
    words.emplace_back("::");
    run_program(words);
    std::set<std::string> folders; // each after the one that it is in
    for (const PlacedFile& file : volume.files)
        for (fs::path folder = fs::path(file.to).parent_path(); folder != "/";
             folder = folder.parent_path())
            folders.insert("::" + folder.string());
    words = {"mmd", "-i", place};
    words.insert(words.end(), folders.begin(), folders.end());
    run_program(words);
    for (const PlacedFile& file : volume.files)
        run_program({"mcopy", "-i", place, file.from.string(), "::" + file.to});
}

void make_empty(const fs::path& image, uint64_t bytes) {
    write_file(image, "");
    fs::resize_file(image, bytes);
}

void make_disk(const Volume& volume, const fs::path& image) {
    // FAT32 begins at 33 MiB.
    const uint64_t bytes = whole_mib(std::max(volume.bytes, 40 * kMiB));
    make_empty(image, kFirstPartition + bytes + kTableBytes);
    run_program({"sfdisk", "--quiet", image.string()},
                "label: gpt\nstart=" + std::to_string(kFirstPartition / kSectorBytes) +
                    ", size=" + std::to_string(bytes / kSectorBytes) +
                    ", type=" + kSystemPartition + ", name=\"EFI system partition\"\n");
    make_volume(volume, image, kFirstPartition, bytes, {"-F"});
}

void make_iso(const Volume& volume, const fs::path& image, const ScratchDirectory& scratch) {
    // Firmware reads FAT12 and FAT16 as well (UEFI 2.10 section 13.3).
    const uint64_t bytes = whole_mib(std::max(volume.bytes, 4 * kMiB));
    const fs::path folder = scratch / "iso";
    fs::create_directory(folder);
    const fs::path partition = folder / "efi.img";
    make_empty(partition, bytes);
    make_volume(volume, partition, 0, bytes, {});
    // One file, which El Torito and a GUID partition table both point to. An appended partition
    // would be tidier, but xorriso 1.5.4 tells a wrong size of one that is larger than 32 MiB.
    run_program({"xorriso", "-as", "mkisofs", "-quiet", "-o", image.string(), "-V", "BATON", "-e",
                 "efi.img", "-no-emul-boot", "-efi-boot-part", "--efi-boot-image",
                 folder.string()});
}

} // namespace

void make_boot_image(const BootFiles& files, Medium medium, const fs::path& image) {
    const ScratchDirectory scratch;
    const Volume volume = plan_volume(files, scratch);
    // Made beside it and renamed: nobody finds half of one.
    const fs::path part = image.string() + ".part";
    try {
        if (medium == Medium::disk)
            make_disk(volume, part);
        else
            make_iso(volume, part, scratch);
        fs::rename(part, image);
    } catch (...) {
        std::error_code ignored;
        fs::remove(part, ignored);
        throw;
    }
}

void make_volume_image(const fs::path& application, const fs::path& image) {
    const uint64_t bytes = whole_mib(fs::file_size(application) * 66 / 64 + 40 * kMiB);
    make_empty(image, bytes);
    make_volume({.files = {{application, "/EFI/BOOT/BOOTX64.EFI"}}, .bytes = bytes}, image, 0,
                bytes, {"-F"});
}

} // namespace baton::tool

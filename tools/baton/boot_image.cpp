// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/boot_image.hpp"

#include "tools/baton/entry_text.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/long_name.hpp"
#include "tools/baton/output_file.hpp"
#include "tools/baton/process.hpp"

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = 1 << 20;
constexpr unsigned kSectorBytes = 512;
constexpr unsigned kLargeSectorBytes = 4096;
constexpr uint64_t kLargestFile = (uint64_t{4} << 30) - 1; // FAT counts a file's bytes in 32 bits
constexpr uint64_t kFirstPartition = kMiB; // in bytes, where partitioning tools begin
constexpr uint64_t kTableBytes = kMiB;     // after the last one: the other copy of the table
constexpr const char* kSystemPartition = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

/// What is to be on a volume: a tree of links to the files, under the names that they have there.
class Volume {
  public:
    explicit Volume(fs::path tree) : tree_(std::move(tree)) { fs::create_directory(tree_); }

    /// `to` has slashes, and counts from the root.
    void add(const fs::path& file, const std::string& to) {
        check_size(file);
        const fs::path path = tree_ / to.substr(1);
        fs::create_directories(path.parent_path());
        fs::create_symlink(fs::absolute(file),
                           path.parent_path() / name_to_copy(path.filename().string()));
        paths_.insert(to);
        // A FAT of 32 bits for each cluster of 512 bytes, two of them, and what a cluster isn't
        // full of.
        bytes_ += fs::file_size(file) * 66 / 64 + 2 * kMiB / 16;
    }

    const fs::path& tree() const { return tree_; }
    const std::set<std::string>& paths() const { return paths_; }
    uint64_t bytes() const { return bytes_; } // that it should have

  private:
    static void check_size(const fs::path& file) {
        if (!fs::is_regular_file(file))
            throw Failure("there is no file " + file.string());
        if (fs::file_size(file) > kLargestFile)
            throw Failure(file.string() +
                          " is too large: a FAT volume holds files smaller than 4 GiB");
    }

    fs::path tree_;
    std::set<std::string> paths_;
    uint64_t bytes_ = 0;
};

/// A volume that boots `files`.
Volume plan_volume(const BootFiles& files, const ScratchDirectory& scratch) {
    const std::string entry = entry_text(files);
    const fs::path entry_file = scratch / "entry.conf";
    write_file(entry_file, entry);
    Volume volume(scratch / "volume");
    volume.add(data_file("BOOTX64.EFI"), "/EFI/BOOT/BOOTX64.EFI");
    volume.add(entry_file, "/loader/entries/baton.conf");
    volume.add(files.kernel, kernel_path(files));
    for (std::size_t i = 0; i < files.modules.size(); ++i) {
        const Module& module = files.modules[i];
        const std::string path = module_path(module, i);
        if (fat_name(module.name) != module.name)
            std::cerr << "baton: module " << i << " is called " << path
                      << " in the image: FAT has no name \"" << printable(module.name) << "\"\n";
        volume.add(module.file, path);
    }
    return volume;
}

uint64_t whole_mib(uint64_t bytes) {
    return (bytes + kMiB - 1) / kMiB * kMiB;
}

/// A part of an image.
struct Partition {
    fs::path image;
    uint64_t offset;
    uint64_t bytes;
    unsigned sector_bytes;
};

/// mtools in an environment where its answers don't depend on the user's: all names are UTF-8, and
/// each that isn't plain ASCII becomes a long name, since firmware reads short ones in a code page
/// of its own.
class Mtools {
  public:
    explicit Mtools(const Partition& partition, const ScratchDirectory& scratch)
        : place_(partition.image.string() + "@@" + std::to_string(partition.offset)),
          environment_{"LC_ALL=C.UTF-8", "MTOOLSRC=" + (scratch / "mtools.conf").string()} {
        write_file(scratch / "mtools.conf", "default_codepage=367\n");
    }

    std::string run(const std::string& program, const Words& words) const {
        Words all{program, "-i", place_};
        all.insert(all.end(), words.begin(), words.end());
        return run_program(all, {}, environment_);
    }

  private:
    std::string place_;
    Words environment_;
};

/// The clusters of a directory: "PATH <5-6> <9>" is what mshowfat says.
std::vector<uint32_t> clusters_of(const std::string& directory, const Mtools& mtools) {
    std::vector<uint32_t> clusters;
    const std::string shown = mtools.run("mshowfat", {"::" + directory});
    static const std::regex range_format("<([0-9]+)(?:-([0-9]+))?>");
    for (std::sregex_iterator range(shown.begin(), shown.end(), range_format), end; range != end;
         ++range) {
        const auto first = static_cast<uint32_t>(std::stoul((*range)[1]));
        const auto last =
            (*range)[2].matched ? static_cast<uint32_t>(std::stoul((*range)[2])) : first;
        for (uint32_t cluster = first; cluster <= last; ++cluster)
            clusters.push_back(cluster);
    }
    return clusters;
}

/// Names that mtools has not written as they are to be.
void write_long_names(const Volume& volume, const Partition& partition, const Mtools& mtools) {
    for (const fs::path path : volume.paths())
        if (const std::string name = path.filename().string(); name_to_copy(name) != name)
            write_long_name(partition.image, partition.offset,
                            clusters_of(path.parent_path().string(), mtools), name);
}

/// The names of files that are there, as firmware would find them.
void check_names(const Volume& volume, const Mtools& mtools) {
    std::set<std::string> found;
    std::istringstream lines(mtools.run("mdir", {"-b", "-a", "-/", "::"}));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("::/") && !line.ends_with('/'))
            found.insert(line.substr(2));
    for (const std::string& path : volume.paths())
        if (!found.contains(path))
            throw Failure("mcopy has put " + path +
                          " into the image under another name: rename the file");
    if (found.size() != volume.paths().size())
        throw Failure("mcopy has put unexpected files into the image");
}

/// Fills a partition with a FAT file system and the files.
void make_volume(const Volume& volume, const Partition& partition, const Words& format,
                 const ScratchDirectory& scratch) {
    const Mtools mtools(partition, scratch);
    Words words{"-T", std::to_string(partition.bytes / partition.sector_bytes),
                "-H", std::to_string(partition.offset / partition.sector_bytes),
                "-v", "BATON"};
    words.insert(words.end(), format.begin(), format.end());
    words.emplace_back("::");
    mtools.run("mformat", words);
    words = {"-s", "-Q"};
    for (const fs::directory_entry& entry : fs::directory_iterator(volume.tree()))
        words.push_back(entry.path().string());
    words.emplace_back("::");
    mtools.run("mcopy", words);
    write_long_names(volume, partition, mtools);
    check_names(volume, mtools);
}

void make_disk(const Volume& volume, const fs::path& image, unsigned sector_bytes,
               const ScratchDirectory& scratch) {
    // FAT32 begins at 65,525 clusters: 33 MiB, or 256 MiB where a sector is as large as a cluster.
    const bool is_large = sector_bytes == kLargeSectorBytes;
    const uint64_t bytes = whole_mib(std::max(volume.bytes(), (is_large ? 264 : 40) * kMiB));
    fs::resize_file(image, kFirstPartition + bytes + kTableBytes);
    const std::string start = std::to_string(kFirstPartition / sector_bytes);
    const std::string last = std::to_string((kFirstPartition + bytes) / sector_bytes - 1);
    if (is_large) // which sfdisk can't be asked for, and fdisk's dialogue can
        run_program({"fdisk", "-b", std::to_string(sector_bytes), image.string()},
                    "g\nn\n1\n" + start + "\n" + last + "\nt\n" + kSystemPartition +
                        +"\nx\nn\nEFI system partition\nr\nw\n");
    else
        run_program({"sfdisk", "--quiet", image.string()},
                    "label: gpt\nstart=" + start +
                        ", size=" + std::to_string(bytes / sector_bytes) +
                        ", type=" + kSystemPartition + ", name=\"EFI system partition\"\n");
    // mtools' code for a sector is the logarithm, less 7.
    make_volume(volume, {image, kFirstPartition, bytes, sector_bytes},
                is_large ? Words{"-S", "5", "-F"} : Words{"-F"}, scratch);
}

void make_iso(const Volume& volume, const fs::path& image, const ScratchDirectory& scratch) {
    // Firmware also reads FAT12 and FAT16 (UEFI 2.10 section 13.3).
    const uint64_t bytes = whole_mib(std::max(volume.bytes(), 4 * kMiB));
    const fs::path folder = scratch / "iso";
    fs::create_directory(folder);
    const fs::path partition = folder / "efi.img";
    write_file(partition, "");
    fs::resize_file(partition, bytes);
    make_volume(volume, {partition, 0, bytes, kSectorBytes}, {}, scratch);
    // One file, which El Torito and a GUID partition table both point to. An appended partition
    // would be tidier, but xorriso 1.5.4 writes a wrong size for one larger than 32 MiB.
    run_program({"xorriso", "-as", "mkisofs", "-quiet", "-o", image.string(), "-V", "BATON", "-e",
                 "efi.img", "-no-emul-boot", "-efi-boot-part", "--efi-boot-image",
                 folder.string()});
}

unsigned choose_sector_bytes(const ImageOptions& options, const OutputFile& output) {
    const unsigned disk = output.sector_bytes();
    const unsigned wanted = options.medium == Medium::iso ? kSectorBytes : options.sector_bytes;
    if (disk != 0 && wanted != 0 && wanted != disk)
        throw Failure("the disk has sectors of " + std::to_string(disk) +
                      " bytes, and firmware finds nothing there in an image for sectors of " +
                      std::to_string(wanted));
    return wanted != 0 ? wanted : disk != 0 ? disk : kSectorBytes;
}

void make_image(const Volume& volume, const ImageOptions& options, const fs::path& path,
                const ScratchDirectory& scratch) {
    OutputFile output(path, scratch);
    const unsigned sector_bytes = choose_sector_bytes(options, output);
    if (options.medium == Medium::disk)
        make_disk(volume, output.image(), sector_bytes, scratch);
    else
        make_iso(volume, output.image(), scratch);
    output.finish();
    if (output.sector_bytes() != 0 && options.medium == Medium::disk)
        run_program({"sfdisk", "--quiet", "--relocate", "gpt-bak-std", output.path().string()});
}

} // namespace

void BootFiles::set_default(const std::string& key, const std::string& value) {
    if (std::ranges::find(settings, key, &Setting::key) == settings.end())
        settings.push_back({key, value});
}

void make_boot_image(const BootFiles& files, const ImageOptions& options, const fs::path& path) {
    const ScratchDirectory scratch;
    make_image(plan_volume(files, scratch), options, path, scratch);
}

void make_bundle_image(const fs::path& bundle, const ImageOptions& options, const fs::path& path) {
    const ScratchDirectory scratch;
    Volume volume(scratch / "volume");
    volume.add(bundle, "/EFI/BOOT/BOOTX64.EFI");
    make_image(volume, options, path, scratch);
}

void make_volume_image(const fs::path& application, const ScratchDirectory& scratch,
                       const fs::path& image) {
    Volume volume(scratch / "volume");
    volume.add(application, "/EFI/BOOT/BOOTX64.EFI");
    const uint64_t bytes = whole_mib(volume.bytes() + 40 * kMiB);
    write_file(image, "");
    fs::resize_file(image, bytes);
    make_volume(volume, {image, 0, bytes, kSectorBytes}, {"-F"}, scratch);
}

} // namespace baton::tool

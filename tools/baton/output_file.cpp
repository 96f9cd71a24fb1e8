// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/output_file.hpp"

#include "tools/baton/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_on(const fs::path& path, const std::string& why) {
    throw Failure("can't write " + path.string() + ": " + why);
}

/// Where links end, be there something or not.
fs::path without_links(const fs::path& path) {
    std::error_code error;
    fs::path at = fs::absolute(path);
    constexpr int kMaxLinks = 40; // the kernel's limit
    for (int links = 0; fs::is_symlink(at, error); ++links) {
        if (links == kMaxLinks)
            fail_on(path, "its symbolic links lead nowhere");
        at = at.parent_path() / fs::read_symlink(at);
    }
    return at;
}

/// What `path` is: S_IFREG, S_IFBLK and so on; 0 if there is nothing.
mode_t kind_of(const fs::path& path) {
    struct stat found{};
    if (stat(path.c_str(), &found) == 0)
        return found.st_mode & S_IFMT;
    if (errno != ENOENT)
        fail_on(path, std::strerror(errno));
    if (!fs::is_directory(path.parent_path()))
        fail_on(path, "there is no directory " + path.parent_path().string());
    return 0;
}

const char* kind_name(mode_t kind) {
    switch (kind) {
    case S_IFDIR:
        return "it is a directory";
    case S_IFCHR:
        return "it is a character device";
    case S_IFIFO:
        return "it is a pipe";
    case S_IFBLK:
        return "it is a block device";
    default:
        return "it is a socket";
    }
}

class Descriptor {
  public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (descriptor_ >= 0)
            close(descriptor_);
    }
    int get() const { return descriptor_; }

  private:
    int descriptor_;
};

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    return true;
}

/// The disk that a partition is on; empty: it is none.
std::string disk_of_partition(dev_t device) {
    const fs::path place =
        "/sys/dev/block/" + std::to_string(major(device)) + ":" + std::to_string(minor(device));
    std::error_code error;
    if (!fs::exists(place / "partition", error))
        return {};
    return "/dev/" + fs::canonical(place, error).parent_path().filename().string();
}

} // namespace

OutputFile::OutputFile(const fs::path& path, const ScratchDirectory& scratch)
    : path_(path),
      image_(scratch / "image") {
    if (path.empty())
        throw Failure("the name of the file to write is empty");
    if (path == "-") {
        if (isatty(STDOUT_FILENO) != 0)
            throw Failure("an image can't go to a terminal: name a file, or use a pipe");
        write_file(image_, "");
        return;
    }
    path_ = without_links(path);
    const mode_t kind = kind_of(path_);
    if (kind == S_IFBLK)
        open_disk();
    else if (kind == 0 || kind == S_IFREG)
        make_part();
    else
        fail_on(path, std::string(kind_name(kind)) +
                          ", and an image goes into a regular file or onto a whole disk");
}

OutputFile::~OutputFile() {
    if (!part_.empty())
        unlink(part_.c_str());
    if (disk_ >= 0)
        close(disk_);
}

/// Exclusively, which Linux refuses while the disk or a partition of it is mounted, or is part of
/// an array or used for swapping.
void OutputFile::open_disk() {
    struct stat found{};
    stat(path_.c_str(), &found);
    if (const std::string disk = disk_of_partition(found.st_rdev); !disk.empty())
        fail_on(path_, "it is a partition, and firmware looks for a partition table on a whole "
                       "disk: write to " +
                           disk);
    disk_ = open(path_.c_str(), O_RDWR | O_EXCL | O_CLOEXEC);
    if (disk_ < 0 && errno == EBUSY)
        fail_on(path_, "the disk is in use: unmount what is on it");
    if (disk_ < 0)
        fail_on(path_, std::strerror(errno));
    int sector = 0;
    if (ioctl(disk_, BLKGETSIZE64, &disk_bytes_) != 0 || ioctl(disk_, BLKSSZGET, &sector) != 0)
        fail_on(path_, std::strerror(errno));
    sector_bytes_ = static_cast<unsigned>(sector);
    write_file(image_, "");
}

/// Beside the file, so that it can take its place at once.
void OutputFile::make_part() {
    std::string name = path_.parent_path() / ".baton-XXXXXX";
    const Descriptor file(mkostemp(name.data(), O_CLOEXEC));
    if (file.get() < 0)
        fail_on(path_, std::string("can't make a file beside it: ") + std::strerror(errno));
    part_ = name;
    image_ = folder_.emplace(path_.parent_path()) / part_.filename().string();
    struct stat found{};
    mode_t mode = 0666;
    if (stat(path_.c_str(), &found) == 0) {
        mode = found.st_mode & 0777;
    } else {
        const mode_t mask = umask(0);
        umask(mask);
        mode &= ~mask;
    }
    fchmod(file.get(), mode);
}

void OutputFile::finish() {
    if (!part_.empty()) {
        fs::rename(part_, path_);
        part_.clear();
        return;
    }
    if (disk_ < 0) {
        copy_to(STDOUT_FILENO);
        return;
    }
    const uint64_t bytes = fs::file_size(image_);
    if (bytes > disk_bytes_)
        fail_on(path_, "the disk has " + std::to_string(disk_bytes_) + " bytes, and the image " +
                           std::to_string(bytes));
    copy_to(disk_);
    if (fsync(disk_) != 0)
        fail_on(path_, std::strerror(errno));
    ioctl(disk_, BLKRRPART); // where partitions are known at all
    close(std::exchange(disk_, -1));
}

/// Holes as zeroes: what was on the disk before must not show through.
void OutputFile::copy_to(int descriptor) {
    constexpr std::size_t kPiece = std::size_t{4} << 20;
    const Descriptor from(open(image_.c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<char> piece(kPiece);
    for (;;) {
        const ssize_t count = read(from.get(), piece.data(), piece.size());
        if (count == 0)
            return;
        if (count < 0 || !write_all(descriptor, {piece.data(), static_cast<std::size_t>(count)}))
            fail_on(path_, std::strerror(errno));
    }
}

void write_output(const fs::path& path, std::string_view text) {
    if (path != "-") {
        const mode_t kind = kind_of(without_links(path));
        if (kind == S_IFBLK || kind == S_IFDIR)
            fail_on(path, kind_name(kind));
    }
    write_file(path, text);
}

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/files.hpp"

#include "tools/baton/failure.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace baton::tool {

namespace fs = std::filesystem;

namespace {

/// By a path relative to the program: an installed tree can be moved, and a build tree is laid out
/// as one.
fs::path beside_program(const fs::path& path) {
    return (fs::read_symlink("/proc/self/exe").parent_path() / path).lexically_normal();
}

} // namespace

fs::path include_folder() {
    return beside_program(BATON_INCLUDE_FOLDER);
}

fs::path data_file(const std::string& name) {
    fs::path file = beside_program(fs::path(BATON_DATA_FOLDER) / name);
    if (!fs::exists(file))
        throw Failure("there is no " + file.string() +
                      ": Baton isn't installed or built as a whole");
    return file;
}

std::vector<std::byte> read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream || fs::is_directory(file))
        throw Failure("can't read " + file.string() + ": " +
                      (stream ? "it is a directory" : std::strerror(errno)));
    const std::string content(std::istreambuf_iterator<char>(stream), {});
    std::vector<std::byte> bytes(content.size());
    std::memcpy(bytes.data(), content.data(), content.size());
    return bytes;
}

MappedFile::MappedFile(const fs::path& file) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat found{};
    void* memory = MAP_FAILED;
    if (descriptor >= 0 && fstat(descriptor, &found) == 0 && found.st_size != 0)
        memory = mmap(nullptr, static_cast<std::size_t>(found.st_size), PROT_READ, MAP_PRIVATE,
                      descriptor, 0);
    const int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (memory != MAP_FAILED)
        bytes_ = {static_cast<const std::byte*>(memory), static_cast<std::size_t>(found.st_size)};
    else if (descriptor < 0 || found.st_size != 0)
        throw Failure("can't read " + file.string() + ": " + std::strerror(error));
}

MappedFile::~MappedFile() {
    if (!bytes_.empty())
        munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void write_file(const fs::path& file, std::string_view content) {
    std::ofstream stream;
    if (file != "-")
        stream.open(file, std::ios::binary);
    std::ostream& out = file != "-" ? stream : std::cout;
    if (!(out << content).flush())
        throw Failure("can't write " + file.string() + ": " + std::strerror(errno));
}

// A program that is started inherits the descriptor, and finds the directory by its number.
PlainDirectory::PlainDirectory(const fs::path& path)
    : descriptor_(open(path.c_str(), O_PATH | O_DIRECTORY)) {
    if (descriptor_ < 0)
        throw Failure("can't open " + path.string() + ": " + std::strerror(errno));
}

PlainDirectory::~PlainDirectory() {
    close(descriptor_);
}

fs::path PlainDirectory::operator/(const std::string& name) const {
    return "/proc/self/fd/" + std::to_string(descriptor_) + "/" + name;
}

ScratchDirectory::ScratchDirectory() {
    std::error_code error;
    const fs::path parent = fs::absolute(fs::temp_directory_path(error));
    if (error)
        throw Failure("there is no directory for temporary files: TMPDIR names one, or /tmp");
    std::string name = parent / "baton.XXXXXXXX";
    if (!mkdtemp(name.data()))
        throw Failure("can't make a directory in " + parent.string() + ": " + std::strerror(errno));
    path_ = name;
    plain_.emplace(path_);
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

} // namespace baton::tool

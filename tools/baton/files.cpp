// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/files.hpp"

#include "tools/baton/failure.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

namespace baton::tool {

namespace fs = std::filesystem;

fs::path data_file(const std::string& name) {
    // Relative to the program: an installed tree can be moved, and a build tree is laid out as one.
    const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path() / BATON_DATA_FOLDER;
    fs::path file = (folder / name).lexically_normal();
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

void write_file(const fs::path& file, std::string_view content) {
    std::ofstream stream;
    if (file != "-")
        stream.open(file, std::ios::binary);
    std::ostream& out = file != "-" ? stream : std::cout;
    if (!(out << content).flush())
        throw Failure("can't write " + file.string() + ": " + std::strerror(errno));
}

ScratchDirectory::ScratchDirectory() {
    std::string name = fs::temp_directory_path() / "baton.XXXXXXXX";
    if (!mkdtemp(name.data()))
        throw Failure("can't make a directory in " + fs::temp_directory_path().string() + ": " +
                      std::strerror(errno));
    path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

} // namespace baton::tool

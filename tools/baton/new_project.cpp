// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/new_project.hpp"

#include "config/lines.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/template_text.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <ranges>
#include <vector>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

struct Language {
    std::string_view name; // as in kLanguages, and of its folder
    std::string_view title;
    std::string_view cmake_languages;
    std::array<std::string_view, 2> sources; // "": none
};

constexpr std::array kAll = {
    Language{"c", "C", "C", {"kernel.c", "runtime.c"}},
    Language{"c++", "C++", "CXX", {"kernel.cpp", "runtime.cpp"}},
    Language{"rust", "Rust", "NONE", {"kernel.rs", "runtime.rs"}},
    Language{"zig", "Zig", "NONE", {"kernel.zig", ""}},
    Language{"asm", "assembly", "C ASM_NASM", {"kernel.asm", ""}}, // C's compiler links
};

/// A template that is installed with the tool.
std::string template_text(const std::string& name) {
    const auto bytes = read_file(data_file("new/" + name));
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

fs::path own_file() {
    return fs::read_symlink("/proc/self/exe");
}

/// Whether the first `baton` of PATH is this one, so that CMake finds the package beside it, too.
bool is_in_path() {
    const char* const path = std::getenv("PATH");
    std::error_code ignored;
    for (const auto part : std::views::split(std::string_view(path ? path : ""), ':'))
        if (const fs::path folder{std::string_view(part)}; fs::exists(folder / "baton", ignored))
            return fs::equivalent(folder, own_file().parent_path(), ignored);
    return false;
}

/// What the templates have names for. A project finds the tool by PATH, or else where it is now.
std::map<std::string, std::string> values(const NewProject& project, const Language& language,
                                          const std::string& name) {
    const bool is_make = project.build == "make";
    const bool by_path = is_in_path() || !can_be_quoted(own_file().native());
    const fs::path package = data_file("new").parent_path().parent_path() / "cmake" / "Baton";
    std::map<std::string, std::string> result = {
        {"NAME", name},
        {"LANGUAGE", std::string(language.title)},
        {"LANGUAGES", std::string(language.cmake_languages)},
        {"BATON", by_path ? "baton" : own_file().string()},
        {"PATHS", by_path ? "" : " PATHS \"" + package.string() + "\""},
        {"DO", is_make ? "make " : "cmake --build build --target "},
        {"FIRST", is_make ? "" : "\nFirst, once: `cmake -B build`.\n"},
        {"BUILD_FILE", is_make ? "Makefile" : "CMakeLists.txt"}};
    const std::string folder = std::string(language.name) + "/";
    for (const auto& [key, file] : {std::pair{"FILES", std::string("about.md")},
                                    {"RULES", is_make ? "rules.mk" : "rules.cmake"}})
        result[key] = trim(filled_in(template_text(folder + file), result));
    return result;
}

/// Pairs of a template and what it becomes.
std::vector<std::pair<std::string, std::string>> files(const NewProject& project,
                                                       const Language& language) {
    std::vector<std::pair<std::string, std::string>> result = {
        {"common/gitignore", ".gitignore"},
        {"common/README.md", "README.md"},
        {"common/kernel.ld", "kernel.ld"},
        project.build == "make" ? std::pair{"make/Makefile", "Makefile"}
                                : std::pair{"cmake/CMakeLists.txt", "CMakeLists.txt"}};
    for (const std::string_view source : language.sources)
        if (!source.empty())
            result.emplace_back(std::string(language.name) + "/" + std::string(source), source);
    return result;
}

/// What is made, and removed again unless all of it can be.
class NewFiles {
  public:
    NewFiles() = default;
    NewFiles(const NewFiles&) = delete;
    NewFiles& operator=(const NewFiles&) = delete;
    ~NewFiles() {
        std::error_code ignored;
        for (const fs::path& path : std::views::reverse(made_))
            fs::remove(path, ignored);
    }

    /// With those above it that aren't there.
    void make_folder(const fs::path& folder) {
        std::error_code error;
        if (folder.empty() || fs::is_directory(folder, error))
            return;
        make_folder(folder.parent_path());
        if (!fs::create_directory(folder, error))
            throw Failure("can't make " + folder.string() + ": " + error.message());
        made_.push_back(folder);
    }
    void make_file(const fs::path& file, std::string_view content) {
        made_.push_back(file);
        write_file(file, content);
    }
    void keep() { made_.clear(); }

  private:
    std::vector<fs::path> made_;
};

} // namespace

std::string make_project(const NewProject& project) {
    const fs::path folder = (project.folder / "").lexically_normal().parent_path();
    const std::string name = folder.filename().string();
    if (!is_project_name(name))
        throw Failure("a project can't have the name \"" +
                      printable(name.empty() ? project.folder.string() : name) +
                      "\": it takes letters, digits, - and _, begins with a letter, and has at "
                      "most 64 characters");
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(folder, ignored)))
        throw Failure(folder.string() + " is there: choose another name");
    const Language& language = *std::ranges::find(kAll, project.language, &Language::name);
    const auto filled = values(project, language, name);
    auto contents = files(project, language);
    for (auto& [content, file] : contents)
        content = filled_in(template_text(content), filled);
    NewFiles made;
    made.make_folder(folder);
    for (const auto& [content, file] : contents)
        made.make_file(folder / file, content);
    made.keep();
    const bool is_make = project.build == "make";
    return "cd " + shell_word(folder.string()) + "\n" +
           (is_make ? "make run" : "cmake -B build && cmake --build build --target run") +
           "   # boots the kernel in QEMU\ncat README.md   # says what else there is\n";
}

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
#include "boot/modules.hpp"

#include "boot/kernel.hpp"
#include "config/foreign_path.hpp"
#include "config/path.hpp"
#include "loading/decompressed_file.hpp"

#include <algorithm>
#include <optional>

namespace baton {
namespace {

Result<ModuleFile> open_module(const Services& with, std::string_view path,
                               std::string_view string) {
    FileSource* const file = TRY(with.platform.open_module(path));
    if (const auto size = file->size(); !size)
        return std::unexpected(size.error().about(path));
    return ModuleFile{.file = file, .path = path, .string = string};
}

/// With the folder of the kernel's file in front.
Result<std::string_view> beside_kernel(const BootEntry& entry, std::string_view path,
                                       Arena& arena) {
    const std::string_view folder = entry.kernel.substr(0, entry.kernel.rfind('\\') + 1);
    const auto whole = TRY(arena.scratch<char>(folder.size() + path.size()));
    std::ranges::copy(path, std::ranges::copy(folder, whole.begin()).out);
    return std::string_view(whole.data(), whole.size());
}

/// Nothing where the boot entry has the same file.
Result<std::optional<ModuleFile>> open_requested(const Services& with, const BootEntry& entry,
                                                 const RequestedModule& module,
                                                 std::span<const ModuleFile> known) {
    const std::string_view path =
        module.is_relative ? TRY(beside_kernel(entry, module.path, with.arena)) : module.path;
    const auto normalised = normalise_path(path, {}, with.arena);
    if (!normalised)
        return std::unexpected(normalised.error().about(path));
    const bool is_there = std::ranges::any_of(known, [&](const ModuleFile& other) {
        return other.path == *normalised || without_compression_suffix(other.path) == *normalised;
    });
    if (is_there)
        return std::nullopt;
    TRY(check_no_device(path, {}));
    ModuleFile file = TRY(open_module(with, *normalised, module.string));
    file.is_compressed = module.is_compressed;
    return file;
}

/// "module NAME", as the memory map calls it.
Result<const char*> label_of(Arena& arena, std::string_view path) {
    constexpr std::string_view kPrefix = "module ";
    path.remove_prefix(path.rfind('\\') + 1); // from 0 on where there is none
    const auto label = TRY(arena.array<char>(kPrefix.size() + path.size() + 1));
    std::ranges::copy(path, std::ranges::copy(kPrefix, label.begin()).out);
    return label.data();
}

Result<Module> load_module(const Services& with, const ModuleFile& module,
                           const Requests& requests) {
    const std::string_view path =
        module.is_verbatim ? module.path : without_compression_suffix(module.path);
    const std::string_view inner = module.file->inner_path();
    const bool is_compressed =
        module.is_compressed || path.size() != module.path.size() ||
        (!module.is_verbatim && without_compression_suffix(inner).size() != inner.size());
    const char* const label = TRY(label_of(with.arena, path));
    FileSource* file = module.file;
    const uint64_t start = with.log.now();
    std::optional<DecompressedFile> decompressed;
    if (is_compressed)
        file = &decompressed.emplace(TRY(DecompressedFile::open(*file, with.frames())));
    const uint64_t size = TRY(file->size());
    const Block memory = TRY(allocate_block(with.frames(), size,
                                            {.use = MemoryUse::module,
                                             .below = requests.memory_below,
                                             .low_from = requests.modules_from,
                                             .name = label}));
    TRY(file->read(0, memory.bytes));
    const uint64_t whole = std::max<uint64_t>(pages_for(size), 1) * kPageBytes;
    std::fill_n(memory.bytes.data() + size, whole - size, std::byte{0});
    if (decompressed)
        describe_decompression(with.log, module.path, *decompressed, size, start);
    else
        with.log.rate(Text().put("module %v: ", path).view(), size, start);
    return Module{.contents = {memory.base, size}, .path = path, .string = module.string};
}

} // namespace

Result<std::span<const ModuleFile>> find_modules(const Services& with, const BootEntry& entry,
                                                 const Requests& requests) {
    const auto modules =
        TRY(with.arena.array<ModuleFile>(entry.modules.size() + requests.module_count));
    std::size_t count = 0;
    const auto open_given = [&]() -> Result<void> {
        for (const BootModule& module : entry.modules) {
            modules[count] = TRY(open_module(with, module.path, module.string));
            modules[count++].is_verbatim = module.is_verbatim;
        }
        return {};
    };
    if (!requests.modules_first)
        TRY(open_given());
    for (const RequestedModule& module : requests.requested_modules()) {
        const auto found =
            open_requested(with, entry, module, modules.first(requests.modules_first ? 0 : count));
        if (!found && module.required)
            return std::unexpected(found.error());
        if (!found)
            with.log.warn("no module %v: %e", module.path, found.error());
        else if (*found)
            modules[count++] = **found;
    }
    if (requests.modules_first)
        TRY(open_given());
    return modules.first(count);
}

Result<std::span<const Module>>
load_modules(const Services& with, std::span<const ModuleFile> files, const Requests& requests) {
    const auto modules = TRY(with.arena.array<Module>(files.size()));
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto loaded = load_module(with, files[i], requests);
        if (!loaded)
            return std::unexpected(loaded.error().about(files[i].path));
        modules[i] = *loaded;
    }
    return modules;
}

} // namespace baton

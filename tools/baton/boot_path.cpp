// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/boot_path.hpp"

#include "config/boot_entry.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/text.hpp"

#include <cctype>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGrubModules =
    "multiboot2 normal part_gpt part_msdos fat memdisk tar all_video iorw serial";

/// A display adapter is there without a window too: the kernel finds a framebuffer.
Words with_display(Words words) {
    words.insert(words.end(), {"-device", "VGA"});
    return words;
}

Words with_uefi(const fs::path& disk, const ScratchDirectory& scratch) {
    const fs::path firmware = "/usr/share/OVMF";
    const fs::path code = firmware / "OVMF_CODE_4M.fd";
    const fs::path variables = firmware / "OVMF_VARS_4M.fd";
    for (const fs::path& file : {code, variables})
        if (!fs::exists(file))
            throw Failure("no " + file.string() + ": the Debian package ovmf has it");
    const fs::path own_variables = scratch / "variables.fd";
    fs::copy_file(variables, own_variables);
    // Nothing of it is kept, so nothing of it need reach the host's disk.
    const std::string raw = "format=raw,cache=unsafe";
    return with_display({"-machine", "q35", "-drive",
                         "if=pflash,unit=0,format=raw,readonly=on,file=" + code.string(), "-drive",
                         "if=pflash,unit=1," + raw + ",file=" + own_variables.string(), "-drive",
                         "if=none,id=disk," + raw + ",file=" + disk.string(), "-device",
                         "virtio-blk-pci,drive=disk"});
}

Words by_uefi(const BootFiles& files, const ScratchDirectory& scratch) {
    const fs::path disk = scratch / "disk.img";
    make_boot_image(files, Medium::disk, disk);
    return with_uefi(disk, scratch);
}

/// With the settings that the boot entry has otherwise.
std::string command_line(const BootFiles& files) {
    std::string line;
    for (const Setting& setting : files.settings)
        line += setting.key + "=" + setting.value + " ";
    line += "--";
    for (const std::string& text : files.command_line)
        line += " " + text;
    return line;
}

/// QEMU itself loads `image`, with the kernel as its initial ramdisk.
Words by_qemu(const std::string& image, const BootFiles& files) {
    if (!files.modules.empty())
        throw Failure("QEMU hands over the kernel alone: for modules, boot by uefi or multiboot2");
    return {"-kernel", data_file(image).string(), "-initrd", files.kernel.string(),
            "-append", command_line(files)};
}

/// A text as a part of a line of GRUB's script. GRUB hands quotes and backslashes over with a
/// backslash before them, which the kernel would find.
std::string quoted(const std::string& text) {
    if (text.find_first_of(R"('"\)") != std::string::npos)
        throw Failure(
            "GRUB hands no quotes and no backslashes over as they are: leave them out of " + text);
    std::string result;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
            !std::string_view(" =:,._/-").contains(c))
            result += '\\';
        result += c;
    }
    return result;
}

/// What a module is called, as on a disk of make_boot_image(): one word of GRUB's script.
std::string module_path(const Module& module, std::size_t number) {
    std::string word;
    for (const char c : quoted(module.file.filename().string()))
        word += c == ' ' ? std::string("\\ ") : std::string(1, c);
    return "/baton/" + std::to_string(number) + "/" + word;
}

struct GrubFile {
    std::string path; // in GRUB's file system
    fs::path from;
};

/// A command of GRUB's script. After an error GRUB would go on, without a module maybe: QEMU's exit
/// device says that nothing was booted.
std::string or_exit(const std::string& command) {
    return "if " + command + "; then set done=1; else outl " + hex_text(kExitPort) + " " +
           hex_text(kExitNothingBooted) + "; fi\n";
}

/// What GRUB needs: its script is the first one.
std::vector<GrubFile> grub_files(const BootFiles& files, const ScratchDirectory& scratch) {
    std::vector<GrubFile> all = {{"boot/grub/grub.cfg", scratch / "grub.cfg"},
                                 {"baton-pvh.elf", data_file("baton-pvh.elf")},
                                 {"kernel", files.kernel}};
    std::string script = "serial\nterminal_output serial\n" +
                         or_exit("multiboot2 /baton-pvh.elf " + quoted(command_line(files))) +
                         or_exit("module2 /kernel /baton/kernel.elf");
    for (std::size_t i = 0; i < files.modules.size(); ++i) {
        const Module& module = files.modules[i];
        const std::string path = "module-" + std::to_string(i);
        script += or_exit("module2 /" + path + " " + module_path(module, i) + " " +
                          quoted(module.string));
        all.push_back({path, module.file});
    }
    script += or_exit("boot");
    write_file(all.front().from, script);
    return all;
}

Words by_grub_on_uefi(const BootFiles& files, const ScratchDirectory& scratch) {
    const fs::path application = scratch / "grub.efi";
    Words words = {find_program("grub-mkstandalone").string(),
                   "--format",
                   "x86_64-efi",
                   "--modules",
                   kGrubModules,
                   "--fonts=",
                   "--locales=",
                   "--themes=",
                   "--output",
                   application.string()};
    for (const GrubFile& file : grub_files(files, scratch))
        words.push_back(file.path + "=" + fs::canonical(file.from).string()); // no link
    run_program(words);
    const fs::path disk = scratch / "disk.img";
    make_volume_image(application, disk);
    return with_uefi(disk, scratch);
}

Words by_grub_on_bios(const BootFiles& files, const ScratchDirectory& scratch) {
    const fs::path tree = scratch / "tree";
    const fs::path image = scratch / "grub.iso";
    for (const GrubFile& file : grub_files(files, scratch)) {
        fs::create_directories((tree / file.path).parent_path());
        fs::copy_file(file.from, tree / file.path);
    }
    run_program({find_program("grub-mkrescue").string(), "--directory", "/usr/lib/grub/i386-pc",
                 "--output", image.string(), tree.string()});
    return with_display({"-machine", "q35", "-cdrom", image.string()});
}

Words on(std::string_view machine, Words words) {
    words.insert(words.begin(), {"-machine", std::string(machine)});
    return words;
}

} // namespace

Words boot_arguments(std::string_view path, const BootFiles& files,
                     const ScratchDirectory& scratch) {
    if (path == "pvh")
        return with_display(on("q35", by_qemu("baton-pvh.elf", files)));
    if (path == "microvm") // has no PCI, so no display
        return on("microvm", by_qemu("baton-pvh.elf", files));
    if (path == "linux")
        return with_display(on("q35", by_qemu("baton.bzimage", files)));
    if (path == "multiboot2")
        return by_grub_on_uefi(files, scratch);
    if (path == "multiboot2-bios")
        return by_grub_on_bios(files, scratch);
    return by_uefi(files, scratch);
}

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/boot_path.hpp"

#include "config/boot_entry.hpp"
#include "start_info/start_info.hpp"
#include "tools/baton/entry_text.hpp"
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

Words on(std::string_view machine, Words words) {
    words.insert(words.begin(), {"-machine", std::string(machine)});
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
    make_boot_image(files, {}, disk);
    return with_uefi(disk, scratch);
}

/// A file under a name that the tool chooses, which no program takes as syntax.
fs::path linked(const fs::path& file, const ScratchDirectory& scratch, const std::string& name) {
    const fs::path link = scratch / name;
    fs::create_symlink(fs::absolute(file), link);
    return link;
}

/// QEMU itself loads `image`, with the kernel as its initial ramdisk.
Words by_qemu(const std::string& image, const BootFiles& files, const ScratchDirectory& scratch) {
    if (!files.modules.empty())
        throw Failure("QEMU passes only the kernel: for modules, boot by uefi or multiboot2");
    return {"-kernel", linked(data_file(image), scratch, "baton").string(),
            "-initrd", linked(files.kernel, scratch, "kernel").string(),
            "-append", start_line(files)};
}

/// On this machine QEMU's own first stage has a buffer of 4,096 bytes for the command line.
Words by_pvh(const BootFiles& files, const ScratchDirectory& scratch) {
    constexpr std::size_t kLongestLine = 4095;
    const std::size_t bytes = start_line(files).size();
    if (bytes > kLongestLine)
        throw Failure("QEMU passes at most " + std::to_string(kLongestLine) +
                      " bytes of command line by pvh; with its settings this one has " +
                      std::to_string(bytes) + ": boot by uefi, microvm or linux");
    return with_display(on("q35", by_qemu("baton-pvh.elf", files, scratch)));
}

/// A text as words of a line of GRUB's script, which GRUB joins with single blanks: an empty word
/// stands between two blanks in a row. GRUB passes quotes and backslashes with a backslash
/// before them, which the kernel would find.
std::string quoted(const std::string& text, std::string_view blank = " ") {
    if (text.find_first_of(R"('"\)") != std::string::npos)
        throw Failure("GRUB changes quotes and backslashes: remove them from " + text);
    constexpr std::size_t kLongestWord = 8000; // GRUB's scanner gives up soon after that
    std::string result;
    std::size_t word = 0; // where it begins
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ' ') {
            result += i != 0 && text[i - 1] == ' ' && blank == " " ? "'' " : blank;
            word = result.size();
            continue;
        }
        if (std::isalnum(static_cast<unsigned char>(text[i])) == 0 &&
            !std::string_view("=:,._/-").contains(text[i]))
            result += '\\';
        result += text[i];
        if (result.size() - word > kLongestWord)
            throw Failure("GRUB accepts no word longer than " + std::to_string(kLongestWord) +
                          " bytes: boot by uefi, or put blanks between its parts");
    }
    return result;
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
    if (files.modules.size() >= kMaxStartModules)
        throw Failure("Multiboot2 takes at most " + std::to_string(kMaxStartModules - 1) +
                      " modules, not " + std::to_string(files.modules.size()) +
                      ": boot by uefi, or put them into an archive");
    std::vector<GrubFile> all = {{"boot/grub/grub.cfg", scratch / "grub.cfg"},
                                 {"baton-pvh.elf", data_file("baton-pvh.elf")},
                                 {"kernel", files.kernel}};
    std::string script = "serial\nterminal_output serial\n" +
                         or_exit("multiboot2 /baton-pvh.elf " + quoted(start_line(files))) +
                         or_exit("module2 /kernel " + kernel_path(files));
    for (std::size_t i = 0; i < files.modules.size(); ++i) {
        const Module& module = files.modules[i];
        const std::string path = "module-" + std::to_string(i);
        script += or_exit("module2 /" + path + " " + quoted(module_path(module, i), "\\ ") + " " +
                          quoted(module.string));
        all.push_back({path, module.file});
    }
    script += or_exit("boot");
    write_file(all.front().from, script);
    return all;
}

/// The files in a folder, as GRUB is to find them. Its programs follow no links.
fs::path grub_tree(const std::vector<GrubFile>& files, const ScratchDirectory& scratch) {
    const fs::path tree = scratch / "tree";
    for (const GrubFile& file : files) {
        fs::create_directories((tree / file.path).parent_path());
        std::error_code error;
        fs::create_hard_link(fs::canonical(file.from), tree / file.path, error);
        if (error)
            fs::copy_file(file.from, tree / file.path);
    }
    return tree;
}

/// GRUB's programs make files of their own.
void run_grub(const Words& words, const ScratchDirectory& scratch) {
    run_program(words, {}, {"TMPDIR=" + (scratch / "").string()});
}

Words by_grub_on_uefi(const BootFiles& files, const ScratchDirectory& scratch) {
    const fs::path application = scratch / "grub.efi";
    Words words = {
        "grub-mkstandalone", "--format",   "x86_64-efi", "--modules", kGrubModules,
        "--fonts=",          "--locales=", "--themes=",  "--output",  application.string()};
    const std::vector<GrubFile> all = grub_files(files, scratch);
    const fs::path tree = grub_tree(all, scratch);
    for (const GrubFile& file : all)
        words.push_back(file.path + "=" + (tree / file.path).string());
    run_grub(words, scratch);
    const fs::path disk = scratch / "disk.img";
    make_volume_image(application, scratch, disk);
    return with_uefi(disk, scratch);
}

Words by_grub_on_bios(const BootFiles& files, const ScratchDirectory& scratch) {
    const fs::path tree = grub_tree(grub_files(files, scratch), scratch);
    const fs::path image = scratch / "grub.iso";
    run_grub({"grub-mkrescue", "--directory", "/usr/lib/grub/i386-pc", "--output", image.string(),
              tree.string()},
             scratch);
    return with_display({"-machine", "q35", "-cdrom", image.string()});
}

} // namespace

Words boot_arguments(std::string_view path, const BootFiles& files,
                     const ScratchDirectory& scratch) {
    if (path == "pvh")
        return by_pvh(files, scratch);
    if (path == "microvm") // has no PCI, so no display
        return on("microvm", by_qemu("baton-pvh.elf", files, scratch));
    if (path == "linux")
        return with_display(on("q35", by_qemu("baton.bzimage", files, scratch)));
    if (path == "multiboot2")
        return by_grub_on_uefi(files, scratch);
    if (path == "multiboot2-bios")
        return by_grub_on_bios(files, scratch);
    return by_uefi(files, scratch);
}

} // namespace baton::tool

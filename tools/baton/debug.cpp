// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/debug.hpp"

#include "tools/baton/boot_path.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/process.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

/// What GDB and QEMU have in common.
struct Place {
    fs::path socket, log, serial;
};

Words qemu_words(const Words& boot, const Place& place, const MachineOptions& machine) {
    Words words = machine_words(machine);
    words.insert(words.end(), boot.begin(), boot.end());
    // A reset stops the machine where it was, so that GDB can look at it.
    words.insert(words.end(),
                 {"-action", "shutdown=pause", "-chardev",
                  "socket,id=gdb,server=on,wait=off,path=" + place.socket.string(), "-gdb",
                  "chardev:gdb", "-S", "-serial", "file:" + place.serial.string(), "-d",
                  "cpu_reset", "-D", place.log.string()});
    words.insert(words.end(), machine.qemu_arguments.begin(), machine.qemu_arguments.end());
    return words;
}

/// What GDB is to do, command by command.
Words gdb_commands(const fs::path& kernel, const Place& place, const DebugOptions& options) {
    Words commands{"source " + data_file("gdb/baton.py").string(),
                   "baton attach " + place.socket.string() + " \"" + kernel.string() + "\" " +
                       place.log.string() + " " + place.serial.string()};
    for (const std::string& where : options.places)
        commands.push_back("baton break " + where);
    if (!options.places.empty())
        commands.emplace_back("continue");
    commands.insert(commands.end(), options.commands.begin(), options.commands.end());
    return commands;
}

void wait_for_socket(const Place& place) {
    constexpr std::chrono::milliseconds kStep{20};
    constexpr std::chrono::seconds kPatience{20};
    for (auto waited = kStep; !fs::exists(place.socket); waited += kStep) {
        if (waited > kPatience)
            throw Failure("QEMU did not start");
        std::this_thread::sleep_for(kStep);
    }
}

int serve(const Words& commands, Child& qemu) {
    std::cout << "In GDB, or as the set-up commands of an editor's debugger:\n";
    for (const std::string& command : commands)
        std::cout << command << '\n';
    std::cout << std::flush;
    std::array<char, 256> buffer;
    while (read(qemu.output(), buffer.data(), buffer.size()) > 0)
        ;
    return qemu.wait() == 0 ? 0 : 1;
}

} // namespace

int debug(const BootFiles& files, const MachineOptions& machine, const DebugOptions& options) {
    const ScratchDirectory scratch;
    const Place place{scratch / "gdb", scratch / "qemu.log", scratch / "serial.txt"};
    for (const fs::path& file : {place.log, place.serial})
        write_file(file, "");
    BootFiles waiting = files;
    // GDB lets stage 1 go on, even where it comes late.
    waiting.settings = {{.key = "debug", .value = "wait"}};
    const Words boot = boot_arguments(machine.boot_path, waiting, scratch);
    Child qemu(qemu_words(boot, place, machine),
               options.server_only ? Child::Terminal::shared : Child::Terminal::none);
    wait_for_socket(place);
    const Words commands = gdb_commands(fs::absolute(files.kernel), place, options);
    if (options.server_only)
        return serve(commands, qemu);
    Words words{"gdb", "-q"};
    if (options.batch)
        words.insert(words.end(), {"-nx", "-batch"});
    for (const std::string& command : commands)
        words.insert(words.end(), {"-ex", command});
    signal(SIGINT, SIG_IGN); // Ctrl-C is GDB's
    return run_in_front(words).value_or(1);
}

} // namespace baton::tool

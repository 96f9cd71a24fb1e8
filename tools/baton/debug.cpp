// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/debug.hpp"

#include "tools/baton/boot_path.hpp"
#include "tools/baton/compressed_files.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/process.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <poll.h>
#include <thread>

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

/// Before the machine's first instruction.
bool stops_at_reset(const DebugOptions& options) {
    return std::ranges::find(options.places, kAtReset) != options.places.end();
}

/// What GDB is to do, command by command.
Words gdb_commands(const fs::path& kernel, const Place& place, const DebugOptions& options) {
    Words commands{"source " + data_file("gdb/baton.py").string(),
                   "baton attach " + place.socket.string() + " \"" + kernel.string() + "\" " +
                       place.log.string() + " " + place.serial.string()};
    for (const std::string& where : options.places)
        if (where != kAtReset)
            commands.push_back("baton break " + where);
    if (!stops_at_reset(options))
        commands.emplace_back("continue");
    commands.insert(commands.end(), options.commands.begin(), options.commands.end());
    return commands;
}

void wait_for_socket(const Place& place, const Child& qemu) {
    constexpr std::chrono::milliseconds kStep{20};
    constexpr std::chrono::seconds kPatience{20};
    for (auto waited = kStep; !fs::exists(place.socket); waited += kStep) {
        if (waited > kPatience || qemu.has_ended())
            throw Failure("QEMU did not start");
        std::this_thread::sleep_for(kStep);
    }
}

/// Until QEMU ends by itself, the time is over or a signal comes.
int serve(const Words& commands, Child& qemu, unsigned timeout_seconds) {
    std::cout << "In GDB, or as the set-up commands of an editor's debugger:\n";
    for (const std::string& command : commands)
        std::cout << command << '\n';
    std::cout << std::flush;
    const Interruptions interruptions;
    pollfd wait{.fd = qemu.output(), .events = POLLIN, .revents = 0};
    const int ready = // QEMU writes nothing: it is its end
        poll(&wait, 1, poll_milliseconds(timeout_seconds));
    if (ready > 0)
        return qemu.wait() == 0 ? 0 : 1;
    qemu.send(SIGTERM);
    qemu.wait();
    if (ready == 0)
        throw Failure("the machine was stopped after " + std::to_string(timeout_seconds) + " s");
    return 128 + Interruptions::caught();
}

} // namespace

int debug(const BootFiles& files, const MachineOptions& machine, const DebugOptions& options) {
    const ScratchDirectory scratch;
    const Place place{scratch / "gdb", scratch / "qemu.log", scratch / "serial.txt"};
    for (const fs::path& file : {place.log, place.serial})
        write_file(file, "");
    BootFiles waiting = files;
    // `baton break` lets stage 1 go on, even where it comes late.
    waiting.settings = {{.key = "debug", .value = "wait"}};
    const Words boot = boot_arguments(machine.boot_path, waiting, scratch);
    Child qemu(qemu_words(boot, place, machine),
               options.server_only ? Child::Terminal::shared : Child::Terminal::none);
    wait_for_socket(place, qemu);
    const fs::path kernel = fs::absolute(decompressed(files.kernel, scratch));
    const Words commands = gdb_commands(kernel, place, options);
    if (options.server_only)
        return serve(commands, qemu, machine.timeout_seconds);
    Words words{"gdb", "-q"};
    if (options.batch)
        words.insert(words.end(), {"-nx", "-batch"});
    for (const std::string& command : commands)
        words.insert(words.end(), {"-ex", command});
    const std::optional<int> status = run_in_front(words, machine.timeout_seconds);
    if (!status)
        throw Failure("GDB did not end within " + std::to_string(machine.timeout_seconds) + " s");
    return *status;
}

} // namespace baton::tool

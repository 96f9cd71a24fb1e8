// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/debug.hpp"

#include "tools/baton/boot_path.hpp"
#include "tools/baton/compressed_files.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/known_errors.hpp"
#include "tools/baton/loader_log.hpp"
#include "tools/baton/process.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <iterator>
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

Place place_in(const fs::path& folder) {
    return {folder / "gdb", folder / "qemu.log", folder / "serial.txt"};
}

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

/// A word of a GDB command: string_to_argv() takes a character after a backslash as it is.
std::string gdb_word(const fs::path& path) {
    std::string word;
    for (const char c : path.string()) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) == 0 && byte < 0x80 && !std::string_view("/._-").contains(c))
            word += '\\';
        word += c;
    }
    return word;
}

/// What GDB is to do, command by command.
Words gdb_commands(const fs::path& kernel, const Place& place, const DebugOptions& options) {
    Words commands{"source " + data_file("gdb/baton.py").string(),
                   "baton attach " + gdb_word(place.socket) + " " + gdb_word(kernel) + " " +
                       gdb_word(place.log) + " " + gdb_word(place.serial)};
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

/// Watches what the loader says, and ends the machine when it boots something else or nothing: GDB
/// would wait for ever.
class LoaderWatch {
  public:
    LoaderWatch(const fs::path& serial, bool has_entry, const Child& qemu)
        : log_(has_entry),
          thread_([this, serial, &qemu](const std::stop_token& stop) { run(serial, qemu, stop); }) {
    }

    /// Why nothing was booted.
    const std::optional<Refusal>& end() {
        thread_.request_stop();
        thread_.join();
        return log_.refusal();
    }

  private:
    void run(const fs::path& serial, const Child& qemu, const std::stop_token& stop) {
        constexpr std::chrono::milliseconds kStep{100};
        std::ifstream file(serial, std::ios::binary);
        for (bool is_last = false; !is_last && !log_.refusal();) {
            is_last = stop.stop_requested();
            file.clear(); // it has grown
            log_.take(std::string(std::istreambuf_iterator<char>(file), {}));
            if (!is_last)
                std::this_thread::sleep_for(kStep);
        }
        if (log_.refusal())
            qemu.send(SIGTERM);
    }

    LoaderLog log_;
    std::jthread thread_;
};

/// The debugger's session; GDB's status, or the machine's.
int run_debugger(const Words& commands, Child& qemu, unsigned timeout_seconds,
                 const DebugOptions& options) {
    if (options.server_only)
        return serve(commands, qemu, timeout_seconds);
    Words words{"gdb", "-q"};
    if (options.batch)
        words.insert(words.end(), {"-nx", "-batch"});
    for (const std::string& command : commands)
        words.insert(words.end(), {"-ex", command});
    const std::optional<int> status = run_in_front(words, timeout_seconds);
    if (!status)
        throw Failure("GDB did not end within " + std::to_string(timeout_seconds) + " s");
    return *status;
}

} // namespace

int debug(const BootFiles& files, const MachineOptions& machine, const DebugOptions& options) {
    const ScratchDirectory scratch;
    const Place place = place_in(scratch / "");
    for (const fs::path& file : {place.log, place.serial})
        write_file(file, "");
    BootFiles waiting = files;
    // `baton break` lets stage 1 go on, even where it comes late.
    waiting.set_default("debug", "wait");
    const Words boot = boot_arguments(machine.boot_path, waiting, scratch);
    Child qemu(qemu_words(boot, place, machine),
               options.server_only ? Child::Terminal::shared : Child::Terminal::none);
    wait_for_socket(place, qemu);
    fs::path kernel = fs::absolute(decompressed(files.kernel, scratch));
    if (printable(kernel.string()) != kernel) { // which Python can't read
        fs::create_symlink(kernel, scratch.path() / "kernel.elf");
        kernel = scratch.path() / "kernel.elf";
    }
    const Place found =
        options.server_only ? place_in(scratch.path()) : place; // by other GDBs, too
    const Words commands = gdb_commands(kernel, found, options);
    LoaderWatch watch(place.serial, machine.boot_path == "uefi", qemu);
    const int status = run_debugger(commands, qemu, machine.timeout_seconds, options);
    const std::optional<Refusal>& refusal = watch.end();
    if (refusal)
        throw Failure(refusal->sentence + "\n" + explain_error(refusal->error));
    return status;
}

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/machine.hpp"

#include "tools/baton/console_filter.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::size_t kConsoleBytes = 1 << 20; // of the console that are kept
constexpr std::chrono::seconds kGrace{5};      // for QEMU to end when it is told to

// QEMU's status for what is written to the exit device: twice the value, and one.
constexpr int kSuccess = 33;
constexpr int kFailure = 35;
constexpr int kFault = 37;

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
        if (count < 0 && errno != EINTR)
            return; // nobody reads it
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

/// Shows what the child writes until it closes its end. True if it was in time.
class Console {
  public:
    Console(const Child& child, unsigned timeout_seconds) : child_(child) {
        if (timeout_seconds != 0)
            deadline_ = steady_clock::now() + std::chrono::seconds(timeout_seconds);
    }

    bool show() {
        while (true) {
            pollfd wait{.fd = child_.output(), .events = POLLIN, .revents = 0};
            const int ready = poll(&wait, 1, milliseconds_left());
            if (ready <= 0) {
                if (!stop())
                    return !timed_out_;
                continue;
            }
            std::array<char, 65536> buffer;
            const ssize_t count = read(child_.output(), buffer.data(), buffer.size());
            if (count == 0 || (count < 0 && errno != EINTR))
                break;
            if (count > 0)
                take({buffer.data(), static_cast<std::size_t>(count)});
        }
        write_all(filter_.rest());
        return !timed_out_;
    }

    std::string last() const { return last_; }

  private:
    int milliseconds_left() const {
        if (!deadline_)
            return -1;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
        return static_cast<int>(
            std::clamp<int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
    }

    /// Ends the child if it is time for that: it is asked first. False: it wasn't heard.
    bool stop() {
        const bool is_late = deadline_ && steady_clock::now() >= *deadline_;
        if (Interruptions::caught() == 0 && !is_late)
            return true;
        if (told_to_end_ && is_late) {
            child_.send(SIGKILL);
            return false;
        }
        if (!told_to_end_) {
            timed_out_ = Interruptions::caught() == 0;
            told_to_end_ = true;
            deadline_ = steady_clock::now() + kGrace;
            child_.send(SIGTERM);
        }
        return true;
    }

    void take(std::string_view text) {
        write_all(filter_.pass(text));
        last_ += text;
        if (last_.size() > 2 * kConsoleBytes)
            last_.erase(0, last_.size() - kConsoleBytes);
    }

    const Child& child_;
    ConsoleFilter filter_;
    std::string last_;
    std::optional<steady_clock::time_point> deadline_;
    bool told_to_end_ = false;
    bool timed_out_ = false;
};

Ending ending_of(std::optional<int> status, const fs::path& log) {
    if (!status)
        return Ending::qemu_failed;
    switch (*status) {
    case kSuccess:
        return Ending::success;
    case kFailure:
        return Ending::failure;
    case kFault:
        return Ending::fault;
    case 0: {
        const auto bytes = read_file(log);
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return text.contains("Triple fault") ? Ending::triple_fault : Ending::reset;
    }
    default:
        return Ending::qemu_failed;
    }
}

} // namespace

Words machine_words(const MachineOptions& options) {
    // The processor is QEMU's fullest one, `max`: what current machines have, and the host's own
    // with KVM.
    return {"qemu-system-x86_64",
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-accel",
            options.accelerator,
            "-cpu",
            "max",
            "-m",
            std::to_string(options.memory_mib),
            "-smp",
            std::to_string(options.processors),
            "-display",
            options.has_window ? "gtk" : "none",
            "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4"};
}

Outcome run_machine(const Words& boot, const MachineOptions& options) {
    const ScratchDirectory scratch;
    const fs::path log = scratch / "qemu.log";
    write_file(log, "");

    const Interruptions interruptions;
    Words words = machine_words(options);
    words.insert(words.end(), {"-chardev", "stdio,id=console,signal=on", "-serial",
                               "chardev:console", "-d", "cpu_reset", "-D", log.string()});
    words.insert(words.end(), boot.begin(), boot.end());
    words.insert(words.end(), options.qemu_arguments.begin(), options.qemu_arguments.end());
    Child qemu(words);
    Console console(qemu, options.timeout_seconds);
    const bool in_time = console.show();
    const std::optional<int> status = qemu.wait();
    if (Interruptions::caught() != 0)
        return {.ending = Ending::interrupted, .status = Interruptions::caught()};
    if (!in_time)
        return {.ending = Ending::timeout};
    return {
        .ending = ending_of(status, log), .status = status.value_or(-1), .console = console.last()};
}

} // namespace baton::tool

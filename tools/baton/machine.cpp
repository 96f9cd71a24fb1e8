// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/machine.hpp"

#include "core/address.hpp"
#include "core/bytes.hpp"
#include "tools/baton/console_filter.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/monitor.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::size_t kConsoleBytes = 1 << 20; // of the console that are kept
constexpr std::chrono::seconds kGrace{5};      // for QEMU to end on request

// QEMU's status for what is written to the exit device: twice the value, and one.
constexpr int kSuccess = 33;
constexpr int kFailure = 35;
constexpr int kFault = 37;
constexpr int kNothingBooted = 39;

void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
        if (count < 0 && errno != EINTR)
            return; // nobody reads it
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
}

/// QEMU while it runs: shows what the console has, and ends QEMU when it is time to.
class Session {
  public:
    Session(Child& qemu, Monitor& monitor, const MachineOptions& options)
        : qemu_(qemu),
          monitor_(monitor),
          log_(options.boot_path == "uefi") {
        if (options.timeout_seconds != 0)
            deadline_ = steady_clock::now() + std::chrono::seconds(options.timeout_seconds);
        monitor_.send("qmp_capabilities");
    }

    /// Until QEMU ends.
    void run() {
        while (pump(deadline_) && go_on()) {
        }
        write_all(filter_.rest());
        if (!last_.empty() && last_.back() != '\n')
            write_all("\n"); // QEMU may end between a line and its end
        log_.end();
    }

    Outcome outcome(std::optional<int> status, const fs::path& qemu_log);

  private:
    using Deadline = std::optional<steady_clock::time_point>;

    bool pump(const Deadline& until);
    bool go_on();
    void ask_to_end();
    void take_messages();
    std::optional<nlohmann::json> ask(const std::string& command,
                                      const nlohmann::json& arguments = nullptr);
    std::string ask_monitor(const std::string& line, unsigned processor = 0);
    void watch();
    void examine();
    void take_console(std::string_view text);
    Ending ending_of(std::optional<int> status, const fs::path& qemu_log) const;

    Child& qemu_;
    Monitor& monitor_;
    ConsoleFilter filter_;
    LoaderLog log_;
    std::string last_;
    steady_clock::time_point start_ = steady_clock::now();
    Deadline deadline_;
    bool asked_to_end_ = false;
    bool timed_out_ = false;
    bool is_deaf_ = false;                     // the monitor has not answered
    std::optional<std::string> stop_reason_{}; // why the machine has stopped
    unsigned questions_ = 0;
    std::map<unsigned, nlohmann::json> answers_{};
    std::vector<std::vector<CpuState>> looks_{};
    std::vector<StoppedCpu> cpus_{};
};

int milliseconds_to(const std::optional<steady_clock::time_point>& end) {
    if (!end)
        return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - steady_clock::now());
    return static_cast<int>(std::clamp<int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

/// Waits until something comes, at most until then, and takes it. False: the console has ended, and
/// so has QEMU.
bool Session::pump(const Deadline& until) {
    std::array waits = {
        pollfd{.fd = qemu_.output(), .events = POLLIN, .revents = 0},
        pollfd{.fd = monitor_.descriptor(), .events = POLLIN, .revents = 0},
    };
    if (poll(waits.data(), waits.size(), milliseconds_to(until)) <= 0)
        return true;
    if (waits[1].revents != 0)
        take_messages();
    if (waits[0].revents == 0)
        return true;
    std::array<char, 65536> buffer;
    const ssize_t count = read(qemu_.output(), buffer.data(), buffer.size());
    if (count > 0)
        take_console({buffer.data(), static_cast<std::size_t>(count)});
    return count > 0 || (count < 0 && errno == EINTR);
}

void Session::take_console(std::string_view text) {
    write_all(filter_.pass(text));
    log_.take(text);
    last_ += text;
    if (last_.size() > 2 * kConsoleBytes)
        last_.erase(0, last_.size() - kConsoleBytes);
}

void Session::take_messages() {
    for (const nlohmann::json& message : monitor_.receive()) {
        if (!stop_reason_ && message.value("event", "") == "SHUTDOWN")
            stop_reason_ = message.value("/data/reason"_json_pointer, "");
        if (message.contains("id"))
            answers_[message["id"].get<unsigned>()] = message;
    }
}

/// What is to be done now. False: QEMU was asked to end in vain.
bool Session::go_on() {
    const bool is_late = deadline_ && steady_clock::now() >= *deadline_;
    if (asked_to_end_) {
        if (is_late)
            qemu_.send(SIGKILL);
        return !is_late;
    }
    if (Interruptions::caught() != 0 || log_.refusal()) {
        ask_to_end();
    } else if (stop_reason_) {
        if (*stop_reason_ == "guest-reset") {
            looks_.push_back(read_cpu_states(ask_monitor("info registers -a")));
            examine();
        }
        ask_to_end();
    } else if (is_late) {
        timed_out_ = true;
        watch();
        ask_to_end();
    }
    return true;
}

/// The status that the guest has chosen stays.
void Session::ask_to_end() {
    asked_to_end_ = true;
    deadline_ = steady_clock::now() + kGrace;
    if (is_deaf_)
        qemu_.send(SIGTERM);
    else
        monitor_.send("quit");
}

/// Nothing: there is no answer.
std::optional<nlohmann::json> Session::ask(const std::string& command,
                                           const nlohmann::json& arguments) {
    constexpr std::chrono::seconds kPatience{5};
    if (is_deaf_)
        return {};
    const unsigned id = ++questions_;
    monitor_.send(command, arguments, id);
    const auto end = steady_clock::now() + kPatience;
    while (pump(end) && monitor_.descriptor() >= 0 && steady_clock::now() < end)
        if (const auto found = answers_.find(id); found != answers_.end())
            return found->second;
    is_deaf_ = true;
    return {};
}

/// What the monitor for people prints; empty: nothing.
std::string Session::ask_monitor(const std::string& line, unsigned processor) {
    const auto answer =
        ask("human-monitor-command", {{"command-line", line}, {"cpu-index", processor}});
    return answer ? answer->value("return", "") : "";
}

/// The registers of all processors, several times, and at last of the machine at rest. It is
/// stopped each time: QEMU doesn't know the RIP of code that it runs.
void Session::watch() {
    constexpr unsigned kLooks = 20;
    constexpr std::chrono::milliseconds kBetween{10};
    constexpr std::chrono::seconds kLongest{2};
    const auto latest = steady_clock::now() + kLongest;
    for (unsigned i = 0; i < kLooks && !is_deaf_ && steady_clock::now() < latest; ++i) {
        if (i != 0) {
            ask("cont");
            for (const auto end = steady_clock::now() + kBetween; steady_clock::now() < end;)
                pump(end);
        }
        ask("stop");
        auto states = read_cpu_states(ask_monitor("info registers -a"));
        if (!states.empty())
            looks_.push_back(std::move(states));
    }
    examine();
}

/// The memory that the processors of the last look point to.
void Session::examine() {
    constexpr uint64_t kCodeWords = 4, kStackWords = 12, kVectors = 32, kGateBytes = 16;
    if (looks_.empty())
        return;
    for (const CpuState& state : looks_.back()) {
        const auto words = [&](uint64_t address, uint64_t count) {
            return read_memory_words(ask_monitor(
                "x /" + std::to_string(count) + "xg " + hex_text(address), state.number));
        };
        StoppedCpu& cpu = cpus_.emplace_back(state);
        if (!state.is_started())
            continue;
        const uint64_t rsp = state.value("rsp");
        cpu.code = words(state.value("rip"), kCodeWords);
        cpu.below = words(rsp - 8, 1);
        cpu.stack = words(rsp, kStackWords);
        if (cpu.stack.empty()) // it has overflowed into the guard page below it
            cpu.stack = words(align_up(rsp, kPageBytes), kStackWords);
        const uint64_t gates = std::min((state.idt_limit + 1) / kGateBytes, kVectors);
        if (gates != 0)
            cpu.gates = words(state.idt_base, 2 * gates);
    }
}

Ending Session::ending_of(std::optional<int> status, const fs::path& qemu_log) const {
    if (Interruptions::caught() != 0)
        return Ending::interrupted;
    if (log_.refusal() || status == kNothingBooted)
        return Ending::nothing_booted;
    if (timed_out_)
        return Ending::timeout;
    if (status == kSuccess)
        return Ending::success;
    if (status == kFailure)
        return Ending::failure;
    if (status == kFault)
        return Ending::fault;
    if (status != 0)
        return Ending::qemu_failed;
    if (stop_reason_ != "guest-reset")
        return stop_reason_ == "guest-shutdown" ? Ending::power_off : Ending::closed;
    const auto bytes = read_file(qemu_log);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return text.contains("Triple fault") ? Ending::triple_fault : Ending::reset;
}

Outcome Session::outcome(std::optional<int> status, const fs::path& qemu_log) {
    const Ending ending = ending_of(status, qemu_log);
    std::optional<Refusal> refusal = log_.refusal();
    if (ending == Ending::nothing_booted && !refusal)
        refusal = {.sentence = log_.loader_started() ? "the loader booted nothing"
                                                     : "GRUB could not start the loader",
                   .error = log_.error()};
    return {.ending = ending,
            .status = ending == Ending::interrupted ? Interruptions::caught() : status.value_or(-1),
            .console = std::move(last_),
            .seconds = static_cast<unsigned>(
                std::chrono::floor<std::chrono::seconds>(steady_clock::now() - start_).count()),
            .refusal = std::move(refusal),
            .loader_started = log_.loader_started(),
            .kernel_entered = log_.kernel_entered(),
            .looks = std::move(looks_),
            .cpus = std::move(cpus_)};
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
    Monitor monitor;
    Words words = machine_words(options);
    // A guest that resets or powers off stops the machine, so that it can be looked at.
    words.insert(words.end(),
                 {"-action", "shutdown=pause", "-chardev", "stdio,id=console,signal=on", "-serial",
                  "chardev:console", "-d", "cpu_reset", "-D", log.string()});
    const Words to_monitor = monitor.arguments();
    words.insert(words.end(), to_monitor.begin(), to_monitor.end());
    words.insert(words.end(), boot.begin(), boot.end());
    words.insert(words.end(), options.qemu_arguments.begin(), options.qemu_arguments.end());
    Child qemu(words);
    monitor.started();
    Session session(qemu, monitor, options);
    session.run();
    return session.outcome(qemu.wait(), log);
}

} // namespace baton::tool

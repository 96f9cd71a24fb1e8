// SPDX-License-Identifier: BSD-2-Clause
//
// Other programs: those for partition tables, file systems and machines.
#pragma once

#include <array>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

using Words = std::vector<std::string>;

/// Where a program is: in PATH, or where administrators' programs are. Throws a Failure, which
/// names the Debian package that has it, if it isn't there.
std::filesystem::path find_program(const std::string& name);

/// Runs a program to its end. `input` is what it can read, `environment` has NAME=VALUE beside the
/// tool's own. What it has written; throws a Failure with that unless it ends with status 0.
std::string run_program(const Words& words, std::string_view input = {},
                        const Words& environment = {});

/// Notes the signals that would end the tool, so that it can clean up.
class Interruptions {
  public:
    Interruptions();
    Interruptions(const Interruptions&) = delete;
    Interruptions& operator=(const Interruptions&) = delete;
    ~Interruptions();

    /// The last of them, or 0.
    static int caught();

  private:
    static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
    std::array<struct sigaction, kSignals.size()> before_{};
};

/// A time limit as poll() takes it. 0: none.
int poll_milliseconds(unsigned timeout_seconds);

/// Runs a program in the tool's place, at its terminal, where Ctrl-C is for it; no longer than
/// `timeout_seconds`, if that isn't 0, and not beyond another signal. Its exit status, or 128 and
/// the signal that has ended it, or the tool. Nothing: the time was over.
std::optional<int> run_in_front(const Words& words, unsigned timeout_seconds);

/// A program that runs beside the tool and dies with it.
class Child {
  public:
    enum class Terminal { shared, none };
    /// Starts it with the tool's input and errors. What it writes goes to output(). Without a
    /// terminal, Ctrl-C is not for it, and it reads nothing.
    explicit Child(const Words& words, Terminal terminal = Terminal::shared);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    int output() const { return output_; }
    bool has_ended() const;
    void send(int signal) const;
    /// Waits until it ends. Its exit status, or nothing if a signal has ended it.
    std::optional<int> wait();

  private:
    int id_ = 0;
    int output_ = -1;
};

} // namespace baton::tool

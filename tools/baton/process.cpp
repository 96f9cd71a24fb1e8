// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/process.hpp"

#include "tools/baton/failure.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace baton::tool {
namespace {

struct Package {
    std::string_view program, package;
};
constexpr std::array kPackages = {
    Package{"mformat", "mtools"},
    Package{"mcopy", "mtools"},
    Package{"mdir", "mtools"},
    Package{"fdisk", "fdisk"},
    Package{"sfdisk", "fdisk"},
    Package{"grub-mkrescue", "grub-common"},
    Package{"grub-mkstandalone", "grub-common"},
    Package{"xorriso", "xorriso"},
    Package{"lz4", "lz4"},
    Package{"zstd", "zstd"},
    Package{"gdb", "gdb"},
    Package{"sbsign", "sbsigntool"},
    Package{"osslsigncode", "osslsigncode"},
    Package{"objcopy", "binutils"},
    Package{"qemu-system-x86_64", "qemu-system-x86"},
};

volatile std::sig_atomic_t caught_signal = 0;

[[noreturn]] void fail_by_errno(const std::string& what) {
    throw Failure(what + ": " + std::strerror(errno));
}

/// A file without a name, in memory.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view content = {})
        : descriptor_(memfd_create("baton", MFD_CLOEXEC)) {
        if (descriptor_ < 0)
            fail_by_errno("memfd_create");
        if (write(descriptor_, content.data(), content.size()) != std::ssize(content))
            fail_by_errno("write");
        lseek(descriptor_, 0, SEEK_SET);
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { close(descriptor_); }

    int descriptor() const { return descriptor_; }
    std::string content() const {
        std::string text(static_cast<std::size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
        if (pread(descriptor_, text.data(), text.size(), 0) != std::ssize(text))
            fail_by_errno("read");
        return text;
    }

  private:
    int descriptor_;
};

/// Starts a program. Descriptors of -1 stay as they are.
int start(const Words& words, int input, int output, int errors, bool in_background = false,
          const Words& environment = {}) {
    const std::string program = find_program(words.front());
    std::array<int, 2> failure{}; // of execv(): its errno
    if (pipe2(failure.data(), O_CLOEXEC) != 0)
        fail_by_errno("pipe");
    std::vector<char*> arguments;
    for (const std::string& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const int parent = getpid();
    const int id = fork();
    if (id < 0)
        fail_by_errno("fork");
    if (id > 0) {
        close(failure[1]);
        int number = 0;
        const bool has_failed = read(failure[0], &number, sizeof number) == sizeof number;
        close(failure[0]);
        if (has_failed) {
            waitpid(id, nullptr, 0);
            throw Failure("can't start " + program + ": " + std::strerror(number));
        }
        return id;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (in_background)
        setpgid(0, 0);
    if (getppid() != parent)
        _exit(127); // it died before
    for (const auto& [from, to] : {std::pair(input, STDIN_FILENO), std::pair(output, STDOUT_FILENO),
                                   std::pair(errors, STDERR_FILENO)})
        if (from >= 0)
            dup2(from, to);
    for (const std::string& variable : environment)
        putenv(const_cast<char*>(variable.c_str()));
    execv(program.c_str(), arguments.data());
    const int number = errno;
    _exit(write(failure[1], &number, sizeof number) < 0 ? 126 : 127);
}

/// The status from waitpid(). 0: the program ended with success.
int wait_for(int id) {
    int status = 0;
    while (waitpid(id, &status, 0) < 0)
        if (errno != EINTR)
            fail_by_errno("waitpid");
    return status;
}

} // namespace

std::filesystem::path find_program(const std::string& name) {
    const char* const set = std::getenv("PATH");
    std::string folders = set ? set : "/usr/bin:/bin";
    folders += ":/usr/sbin:/sbin"; // not in everybody's PATH, and sfdisk is there
    for (std::size_t begin = 0; begin <= folders.size();) {
        const std::size_t end = std::min(folders.find(':', begin), folders.size());
        std::filesystem::path file = folders.substr(begin, end - begin);
        file /= name;
        if (access(file.c_str(), X_OK) == 0)
            return file;
        begin = end + 1;
    }
    const auto* const found = std::ranges::find(kPackages, name, &Package::program);
    const std::string package(found == kPackages.end() ? name : found->package);
    throw Failure("there is no program " + name + ": install it (Debian package " + package + ")");
}

std::string run_program(const Words& words, std::string_view input, const Words& environment) {
    const MemoryFile given(input);
    const MemoryFile written;
    const int status = wait_for(start(words, given.descriptor(), written.descriptor(),
                                      written.descriptor(), false, environment));
    std::string text = written.content();
    if (status == 0)
        return text;
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
        text.pop_back();
    if (text.empty())
        text = WIFEXITED(status) ? "with status " + std::to_string(WEXITSTATUS(status))
                                 : "by signal " + std::to_string(WTERMSIG(status));
    throw Failure(words.front() + " failed: " + text);
}

Interruptions::Interruptions() {
    struct sigaction action{};
    action.sa_handler = [](int signal) { caught_signal = signal; };
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &action, &before_[i]);
}

Interruptions::~Interruptions() {
    for (std::size_t i = 0; i < kSignals.size(); ++i)
        sigaction(kSignals[i], &before_[i], nullptr);
}

int Interruptions::caught() {
    return caught_signal;
}

int poll_milliseconds(unsigned timeout_seconds) {
    constexpr unsigned kMostSeconds = std::numeric_limits<int>::max() / 1000;
    return timeout_seconds == 0 ? -1
                                : static_cast<int>(std::min(timeout_seconds, kMostSeconds)) * 1000;
}

std::optional<int> run_in_front(const Words& words, unsigned timeout_seconds) {
    constexpr int kGraceMilliseconds = 5000; // for the program to end on request
    const Interruptions interruptions;
    const int id = start(words, -1, -1, -1);
    pollfd wait{
        .fd = static_cast<int>(syscall(SYS_pidfd_open, id, 0)), .events = POLLIN, .revents = 0};
    if (wait.fd < 0)
        fail_by_errno("pidfd_open");
    bool is_late = false, is_told = false;
    for (int left = poll_milliseconds(timeout_seconds), ready = 0;
         (ready = poll(&wait, 1, left)) <= 0;) {
        if (ready < 0 && Interruptions::caught() == SIGINT)
            continue;
        if (is_told) {
            kill(id, SIGKILL);
            break;
        }
        is_late = ready == 0;
        is_told = true;
        kill(id, SIGTERM);
        left = kGraceMilliseconds;
    }
    close(wait.fd);
    const int status = wait_for(id);
    if (is_late)
        return std::nullopt;
    if (is_told)
        return 128 + Interruptions::caught();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Child::Child(const Words& words, Terminal terminal) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        fail_by_errno("pipe");
    const MemoryFile nothing;
    const bool has_terminal = terminal == Terminal::shared;
    id_ = start(words, has_terminal ? -1 : nothing.descriptor(), ends[1], -1, !has_terminal);
    close(ends[1]);
    output_ = ends[0];
}

Child::~Child() {
    if (id_ != 0) {
        send(SIGKILL);
        wait_for(id_);
    }
    close(output_);
}

bool Child::has_ended() const {
    siginfo_t found{};
    return waitid(P_PID, static_cast<id_t>(id_), &found, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           found.si_pid != 0;
}

void Child::send(int signal) const {
    kill(id_, signal);
}

std::optional<int> Child::wait() {
    const int status = wait_for(id_);
    id_ = 0;
    return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

} // namespace baton::tool

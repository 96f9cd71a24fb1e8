// SPDX-License-Identifier: BSD-2-Clause
//
// A boot entry: what to boot, and how, wherever it was written down.
#pragma once

#include "config/lines.hpp"
#include "core/error.hpp"
#include "core/settings.def"
#include "core/text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// What an entry says of a thing that can be on or off.
enum class Switch : uint8_t { unset, on, off };
/// What an entry says of pages that a kernel wants writable and executable at once.
enum class WriteExecute : uint8_t { unset, refuse, allow };

/// What an entry says of a debugger: stage 1 waits until one lets it go on.
enum class Debug : uint8_t { unset, wait, off };

/// Where the log goes, warnings aside: only with the kernel, on the
/// serial port and the debug console too, or also on the firmware's screen, which is slow.
enum class LogTo : uint8_t { unset, memory, ports, screen };

/// The boot protocol that an entry says its kernel speaks. unset: it is recognised in the file.
enum class KernelProtocol : uint8_t { unset, baton, limine, multiboot2, multiboot, pvh, plain };

/// Whether an entry is booted that can't be measured into a TPM: with a warning, or not at all.
enum class Measure : uint8_t { unset, automatic, required };

/// What a kernel may do in the direct map, other than read and write.
enum class DirectMapAccess : uint8_t { unset, nx, rwx };

/// What an entry says about what happens after a fault report.
struct AfterFault {
    enum class Action : uint8_t { unset, stop, reset, exit };
    Action action = Action::unset;
    uint32_t seconds = 0; // before a reset
    constexpr bool operator==(const AfterFault&) const = default;
};

/// QEMU's device isa-debug-exit, which Action::exit is about, and what Baton writes to it: QEMU's
/// status is twice the value, and one. A kernel writes 0x10 and 0x11 by convention.
inline constexpr uint16_t kExitPort = 0xf4;
inline constexpr uint32_t kExitFaultReported = 0x12;
inline constexpr uint32_t kExitNothingBooted = 0x13;

/// A file that the kernel finds in memory.
struct BootModule {
    std::string_view path;
    std::string_view string;  // for the kernel; empty where none is given
    bool is_verbatim = false; // not decompressed, whatever its name
};

/// How often an entry was and may still be tried (Boot Loader Specification, "Boot counting").
struct BootTries {
    uint32_t left = 0; // 0: the entry is bad, and sorts after all that are not
    uint32_t done = 0;
    constexpr bool operator==(const BootTries&) const = default;
};

/// Plain data, as views into what it was parsed from and into the parser's arena. What an entry
/// does not say is empty or unset. Paths are as normalise_path() makes them.
struct BootEntry {
    std::string_view file_name; // of its file; empty: it comes from load options
    std::string_view text;      // the whole file, or the load options as UTF-8
    std::string_view id;        // the file's name without ".conf" and without the tries
    std::string_view title;
    std::string_view version;
    std::string_view sort_key;
    std::string_view machine_id;
    std::string_view kernel; // a path; never empty
    std::span<const BootModule> modules;
    std::string_view command_line;
    Switch kaslr = Switch::unset;
    WriteExecute write_execute = WriteExecute::unset;
    AfterFault after_fault;
    std::optional<uint32_t> watchdog;    // seconds; 0: none, whatever the kernel requests
    Switch crash_record = Switch::unset; // off: nothing is left for the next boot
    Debug debug = Debug::unset;
    LogTo log = LogTo::unset; // ports
    KernelProtocol protocol = KernelProtocol::unset;
    DirectMapAccess hhdm = DirectMapAccess::unset;
    Switch strict = Switch::unset;
    std::optional<uint32_t> processors; // that run, at most, with the boot processor
    Switch enforce = Switch::unset;     // on: only what is verified
    Measure measure = Measure::unset;
    std::optional<BootTries> tries; // no value: the entry's boots are not counted

    constexpr bool is_bad() const { return tries && tries->left == 0; }
};

/// "on" or "off". No value: neither.
std::optional<Switch> parse_switch(std::string_view value);
/// "refuse" or "allow". No value: neither.
std::optional<WriteExecute> parse_write_execute(std::string_view value);

inline constexpr uint32_t kResetSeconds = 10;        // so that a person can read the report
inline constexpr uint32_t kMostResetSeconds = 86400; // a day

/// "wait" or "off". No value: neither.
std::optional<Debug> parse_debug(std::string_view value);

/// "memory", "ports" or "screen". No value: none of these.
std::optional<LogTo> parse_log_to(std::string_view value);

/// "auto", which is unset, or the name of another one. No value: none of these.
std::optional<KernelProtocol> parse_protocol(std::string_view value);

/// "nx" or "rwx". No value: neither.
std::optional<DirectMapAccess> parse_direct_map_access(std::string_view value);

/// "auto" or "required". No value: neither.
std::optional<Measure> parse_measure(std::string_view value);

/// "stop"; "reset", after kResetSeconds, or "reset:SECONDS", at most kMostResetSeconds; "exit",
/// which leaves QEMU. No value: none of these.
std::optional<AfterFault> parse_after_fault(std::string_view value);

inline constexpr uint32_t kMostWatchdogSeconds = 3600;

/// "off", which is 0, or seconds, from 1 to kMostWatchdogSeconds. No value: none of these.
std::optional<uint32_t> parse_watchdog(std::string_view value);

/// "on", which is kMostProcessors; "off", which is 1; or a number from 1 to kMostProcessors. No
/// value: none of these.
std::optional<uint32_t> parse_processors(std::string_view value);

/// The settings of an entry: core/settings.def.
#define BATON_COUNT_SETTING(name, values, meaning, field, parser) +1 // NOLINT(*-macro-parentheses)
inline constexpr std::size_t kSettings = BATON_SETTINGS(BATON_COUNT_SETTING);
#undef BATON_COUNT_SETTING
/// Which of them has a name, from 0 on. No value: none.
std::optional<std::size_t> setting_named(std::string_view name);
/// Sets what an entry says under a name. `position` is the value's, for the error.
/// Error: boot_setting_unknown, about the setting and its values, or about the name if no setting
/// has it.
Result<void> set_setting(BootEntry& entry, std::string_view name, std::string_view value,
                         TextPosition position);

/// Something that a parser ignored: a line of the log for a person who wonders.
struct Remark {
    enum class Kind : uint8_t {
        unknown_key,     // no key that Baton knows: ignored
        unused_key,      // a key for other loaders: ignored
        repeated_key,    // the same key was given before; the first one counts
        replaced_key,    // the same key is given again later; the last one counts
        unknown_setting, // no key where settings are, too: ignored
    };
    Kind kind;
    TextPosition position;
    std::string_view key; // valid during the call alone
};

/// What a remark says, without its position.
void describe(const Remark& remark, TextWriter& text);

/// Receives the remarks of parsers.
class RemarkSink {
  public:
    virtual void remark(const Remark& remark) = 0;

  protected:
    RemarkSink() = default;
    ~RemarkSink() = default;
    RemarkSink(const RemarkSink&) = default;
    RemarkSink& operator=(const RemarkSink&) = default;
};

} // namespace baton

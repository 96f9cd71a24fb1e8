// SPDX-License-Identifier: BSD-2-Clause
#include "config/loader_config.hpp"

namespace baton {
namespace {

/// A key that other loaders use: loader.conf(5).
bool is_unused(std::string_view key) {
    return is_one_of(key, "auto-entries auto-firmware auto-poweroff auto-reboot beep console-mode "
                          "editor log-level preferred random-seed-mode reboot-for-bitlocker "
                          "reboot-on-error secure-boot-enroll secure-boot-enroll-action "
                          "secure-boot-enroll-timeout-sec timeout");
}

} // namespace

Result<LoaderConfig> parse_loader_config(std::string_view text, RemarkSink& remarks) {
    TRY(check_config_text(text));
    LoaderConfig config;
    TextPosition default_position;
    KeyLines lines(text);
    for (KeyLine line; lines.next(line);) {
        if (line.key == "default") {
            if (default_position.line != 0)
                remarks.remark({.kind = Remark::Kind::replaced_key,
                                .position = default_position,
                                .key = line.key});
            default_position = line.key_position;
            config.default_pattern = line.value;
            continue;
        }
        const auto kind =
            is_unused(line.key) ? Remark::Kind::unused_key : Remark::Kind::unknown_key;
        remarks.remark({.kind = kind, .position = line.key_position, .key = line.key});
    }
    return config;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// QEMU's monitor, by QMP (QEMU's documentation, "QEMU Machine Protocol").
#pragma once

#include "tools/baton/process.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace baton::tool {

class Monitor {
  public:
    /// Throws a Failure if there are no more file descriptors.
    Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;
    ~Monitor();

    /// For QEMU, which inherits its end: start it before started() is called.
    Words arguments() const;
    void started();

    /// To be polled for input; -1 once QEMU has closed its end.
    int descriptor() const { return own_; }

    /// QEMU's messages that have come: replies, events and the greeting. Doesn't wait if
    /// descriptor() has input.
    std::vector<nlohmann::json> receive();
    /// A command, whose reply will come with the same id. Nothing happens if QEMU doesn't listen
    /// any more.
    void send(const std::string& command, const nlohmann::json& arguments = nullptr,
              unsigned id = 0);

  private:
    void close_own();

    int own_ = -1;
    int theirs_ = -1;
    std::string received_;
};

} // namespace baton::tool

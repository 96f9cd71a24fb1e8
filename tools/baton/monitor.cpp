// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/monitor.hpp"

#include "tools/baton/failure.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace baton::tool {

Monitor::Monitor() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Failure(std::string("socketpair: ") + std::strerror(errno));
    own_ = ends[0];
    theirs_ = ends[1];
    fcntl(theirs_, F_SETFD, 0); // is inherited
}

Monitor::~Monitor() {
    close_own();
    started();
}

Words Monitor::arguments() const {
    return {"-chardev", "socket,id=monitor,fd=" + std::to_string(theirs_), "-mon",
            "chardev=monitor,mode=control"};
}

void Monitor::started() {
    if (theirs_ >= 0)
        close(theirs_);
    theirs_ = -1;
}

void Monitor::close_own() {
    if (own_ >= 0)
        close(own_);
    own_ = -1;
}

std::vector<nlohmann::json> Monitor::receive() {
    std::array<char, 65536> buffer;
    const ssize_t count = own_ < 0 ? 0 : read(own_, buffer.data(), buffer.size());
    if (count == 0 || (count < 0 && errno != EINTR))
        close_own();
    received_.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    std::vector<nlohmann::json> messages;
    for (std::size_t end; (end = received_.find('\n')) != std::string::npos;) {
        auto message = nlohmann::json::parse(received_.substr(0, end), nullptr, false);
        if (!message.is_discarded())
            messages.push_back(std::move(message));
        received_.erase(0, end + 1);
    }
    return messages;
}

void Monitor::send(const std::string& command, const nlohmann::json& arguments, unsigned id) {
    nlohmann::json message = {{"execute", command}, {"id", id}};
    if (!arguments.is_null())
        message["arguments"] = arguments;
    const std::string line = message.dump() + "\n";
    if (own_ >= 0 && ::send(own_, line.data(), line.size(), MSG_NOSIGNAL) != std::ssize(line))
        close_own();
}

} // namespace baton::tool

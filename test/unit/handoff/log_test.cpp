// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace baton::test {
namespace {

class Sink final : public LineSink {
  public:
    void write_line(std::string_view text) override {
        written += "all " + std::string(text) + "\n";
    }
    void write_log_line(std::string_view text) override {
        written += "log " + std::string(text) + "\n";
    }
    void write_private_line(std::string_view text) override {
        written += "private " + std::string(text) + "\n";
    }
    std::string written;
};

class LogTest : public testing::Test {
  protected:
    Sink sink_;
    std::array<char, 80> memory_{};
    Log log_{sink_,
             {.read = [] { return uint64_t{5'000'000}; }, .start = 2'000'000, .hz = 1'000'000'000},
             memory_};
};

TEST_F(LogTest, WarningsAreForEverybody) {
    log_.line(Text().add("a"));
    log_.warn(Text().add("b"));
    EXPECT_EQ(sink_.written, "log [   3000 us] a\nall [   3000 us] warning: b\n");
    EXPECT_EQ(log_.text(), "[   3000 us] a\n[   3000 us] warning: b\n");
}

TEST_F(LogTest, PrivateLinesAreKeptAndWrittenApart) {
    log_.private_line(Text().add("a"));
    log_.be_quiet(true);
    log_.private_line(Text().add("b"));
    EXPECT_EQ(sink_.written, "private [   3000 us] a\n");
    EXPECT_EQ(log_.text(), "[   3000 us] a\n[   3000 us] b\n");
}

TEST_F(LogTest, QuietKeepsAllAndWritesWarningsAlone) {
    log_.be_quiet(true);
    log_.line(Text().add("a"));
    log_.warn(Text().add("b"));
    EXPECT_EQ(sink_.written, "all [   3000 us] warning: b\n");
    EXPECT_EQ(log_.text(), "[   3000 us] a\n[   3000 us] warning: b\n");
    log_.be_quiet(false);
    log_.line(Text().add("c"));
    EXPECT_TRUE(sink_.written.ends_with("log [   3000 us] c\n"));
}

TEST_F(LogTest, WritesLinesThatItCannotKeep) {
    const std::string long_line(70, 'x');
    log_.line(Text().add(long_line));
    log_.line(Text().add("short"));
    EXPECT_EQ(log_.text(), "[   3000 us] short\n");
    EXPECT_NE(sink_.written.find(long_line), std::string::npos);
}

TEST_F(LogTest, StepsHaveTheirTimes) {
    log_.step("one");
    ASSERT_EQ(log_.steps().size(), 1u);
    EXPECT_EQ(log_.steps()[0].name, "one");
    EXPECT_EQ(log_.steps()[0].tsc, 5'000'000u);
}

} // namespace
} // namespace baton::test

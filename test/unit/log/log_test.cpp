// SPDX-License-Identifier: BSD-2-Clause
#include "log/log.hpp"

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

/// The line of so many bytes that took `ticks`.
std::string rate_of(uint64_t bytes, uint64_t ticks, uint64_t hz = 1'000'000'000) {
    static uint64_t now;
    now = ticks;
    Sink sink;
    Log log(sink, {.read = [] { return now; }, .start = 0, .hz = hz}, {});
    log.rate("", bytes, 0);
    return sink.written.substr(sink.written.find("] ") + 2);
}

TEST(LogRate, IsOfTheBytesAndTheTimeSinceTheStart) {
    EXPECT_EQ(rate_of(64 << 20, 1'000'000'000), "64 MiB, 67 MB/s\n");
    EXPECT_EQ(rate_of(1'000'000, 1'000'000'000), "976.5 KiB, 1 MB/s\n");
    EXPECT_EQ(rate_of(500'000, 1'000'000'000), "488.2 KiB, 500 KB/s\n");
    EXPECT_EQ(rate_of(uint64_t{5} << 40, uint64_t{1} << 40), "5 TiB, 5000 MB/s\n");
}

TEST(LogRate, IsLeftOutWhereTheTimeIsNotKnown) {
    EXPECT_EQ(rate_of(4096, 100), "4 KiB\n");
    EXPECT_EQ(rate_of(4096, 1'000'000, 0), "4 KiB\n");
    EXPECT_EQ(rate_of(4096, 1'000'000, 999'999), "4 KiB\n");
    EXPECT_EQ(rate_of(1, 2'000'000'000), "1 B\n");
    EXPECT_EQ(rate_of(0, 1'000'000'000), "0 B\n");
    Sink sink;
    Log log(sink, {.read = [] { return uint64_t{5}; }, .start = 0, .hz = 1'000'000}, {});
    log.rate("", 4096, 6); // counters of two processors
    EXPECT_TRUE(sink.written.ends_with("] 4 KiB\n"));
}

} // namespace
} // namespace baton::test

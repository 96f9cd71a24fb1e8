// SPDX-License-Identifier: BSD-2-Clause
#include "config/start_line.hpp"

#include "config/parsing.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

class StartLine : public testing::Test, public RemarkSink {
  protected:
    std::vector<std::string> remarks_;

    void remark(const Remark& remark) override { remarks_.emplace_back(remark.key); }
    Result<BootEntry> parse(std::string_view line) { return parse_start_line(line, arena_, *this); }

  private:
    HeapArena arena_;
};

TEST_F(StartLine, WithoutTwoDashesIsTheKernels) {
    const auto entry = parse("  kaslr=on \"a --\" after-fault=exit ");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->command_line, "kaslr=on \"a --\" after-fault=exit");
    EXPECT_EQ(entry->kaslr, Switch::unset);
    EXPECT_EQ(entry->after_fault, AfterFault{});
    EXPECT_TRUE(remarks_.empty());
}

TEST_F(StartLine, HasSettingsBeforeTwoDashes) {
    const auto entry = parse("kaslr=on wx=refuse after-fault=reset:3 watchdog=7 crash-record=off "
                             "debug=off log=memory --  root=/dev/sda -- \"x y\" ");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->command_line, "root=/dev/sda -- \"x y\"");
    EXPECT_EQ(entry->kaslr, Switch::on);
    EXPECT_EQ(entry->write_execute, WriteExecute::refuse);
    EXPECT_EQ(entry->after_fault, (AfterFault{AfterFault::Action::reset, 3}));
    EXPECT_EQ(entry->watchdog, 7u);
    EXPECT_EQ(entry->crash_record, Switch::off);
    EXPECT_EQ(entry->debug, Debug::off);
    EXPECT_EQ(entry->log, LogTo::memory);
}

TEST_F(StartLine, MayBeEmptyOnEitherSide) {
    for (const std::string_view line : {"", "  ", "--", " -- "}) {
        const auto entry = parse(line);
        ASSERT_EQ(outcome(entry), "good") << line;
        EXPECT_EQ(entry->command_line, "");
    }
}

TEST_F(StartLine, RemarksOnWordsThatAreNoSettings) {
    ASSERT_EQ(outcome(parse("BOOT_IMAGE=/baton quiet kernel=/k kaslr -- x")), "good");
    EXPECT_EQ(remarks_, (std::vector<std::string>{"BOOT_IMAGE", "quiet", "kernel", "kaslr"}));
}

TEST_F(StartLine, RefusesValuesThatThereAreNot) {
    expect_failure(parse("x kaslr=maybe -- y"), bad_setting("kaslr on|off", 1, 3));
    expect_failure(parse("watchdog=0 --"), bad_setting("watchdog SECONDS|off", 1, 1));
}

TEST_F(StartLine, RefusesASettingThatComesAgain) {
    expect_error(parse("kaslr=on wx=allow kaslr=on --"), ErrorCode::boot_key_repeated,
                 {1, 19, 1, 1});
}

} // namespace
} // namespace baton::test

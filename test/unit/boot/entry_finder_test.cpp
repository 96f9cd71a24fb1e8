// SPDX-License-Identifier: BSD-2-Clause
#include "boot/entry_finder.hpp"

#include "boot/fake_boot.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"
#include "support/pe_builder.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace baton::test {
namespace {

class Directory final : public EntrySource {
  public:
    void start_list(std::string_view) override { listed = 0; }
    std::optional<std::string_view> next_name() override {
        ++listed;
        if (listed <= names.size())
            return names[listed - 1];
        if (!is_endless)
            return std::nullopt;
        name_ = is_endless_of_one ? "same.conf" : std::to_string(listed) + ".conf";
        return name_;
    }
    Result<std::string_view> read_entry(std::string_view name, Arena& arena) override {
        reads.emplace_back(name);
        const auto found = files.find(name);
        if (found == files.end())
            return fail(ErrorCode::file_unreadable, {1});
        return give(found->second, arena);
    }
    Result<std::string_view> read_file(std::string_view path, Arena& arena) override {
        if (path == "\\loader\\loader.conf" && !config.empty())
            return give(config, arena);
        const auto found = files.find(path);
        return found == files.end() ? fail(ErrorCode::file_not_found) : give(found->second, arena);
    }
    bool may_have_limine() override { return !files.contains(kDefaultKernel); }
    uint32_t partition() override { return 2; }
    void add(const std::string& name, const std::string& text) {
        names.push_back(name);
        files[name] = text;
    }

    std::vector<std::string> names;
    std::map<std::string, std::string, std::less<>> files;
    std::string config;
    bool is_endless = false, is_endless_of_one = false;
    std::vector<std::string> reads;
    std::size_t listed = 0;

  private:
    static Result<std::string_view> give(const std::string& text, Arena& arena) {
        return arena.copy(text);
    }
    std::string name_;
};

class EntryFinderTest : public testing::Test {
  protected:
    EntryFinder::Given given(FrameSource& frames, Bytes options = {}) {
        return {.source = directory_,
                .frames = frames,
                .log = log_,
                .load_options = options,
                .bundle = bundle_,
                .enforced = enforced_};
    }
    /// What is tried, one after the other: the entries' files and kernels.
    std::vector<std::string> tried(FrameSource& frames, Bytes options = {}) {
        lines_.all.clear();
        EntryFinder finder(given(frames, options));
        std::vector<std::string> found;
        while (finder.has_next()) {
            const BootEntry* const entry = finder.next();
            if (entry == nullptr)
                break;
            std::string text(entry->file_name.empty() ? entry->kernel : entry->file_name);
            found.push_back(text + (entry->command_line.empty() ? "" : " ") +
                            std::string(entry->command_line));
        }
        EXPECT_EQ(finder.next(), nullptr);
        return found;
    }
    std::vector<std::string> tried() { return tried(frames_); }
    bool said(std::string_view text) const { return lines_.all.find(text) != std::string::npos; }

    void put_bundle(std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
        PeBuilder builder;
        for (const auto& [name, text] : entries)
            builder.add(name, text);
        builder.place();
        image_ = builder.make(Bundle::Form::loaded);
        bundle_ = *Bundle::read(image_, Bundle::Form::loaded);
    }

    Directory directory_;
    FakeFrames frames_;
    Lines lines_;
    Log log_{lines_, {.read = [] { return uint64_t{0}; }, .start = 0, .hz = 0}, {}};
    Buffer image_;
    Bundle bundle_;
    bool enforced_ = false;
};

using Names = std::vector<std::string>;
const std::string kDefault(kDefaultKernel);

TEST_F(EntryFinderTest, TheDefaultKernelIsTheLast) {
    EXPECT_EQ(tried(), Names{kDefault});
    directory_.add("a.conf", "kernel /a\n");
    EXPECT_EQ(tried(), (Names{"a.conf", kDefault}));
}

TEST_F(EntryFinderTest, EntriesAreSortedAndTheDefaultOneIsTheFirst) {
    directory_.add("one.conf", "sort-key b\nkernel /a\noptions 1\n");
    directory_.add("two.conf", "sort-key a\nversion 9\nkernel /a\noptions 2\n");
    directory_.add("three.conf", "sort-key a\nversion 10\nkernel /a\noptions 3\n");
    directory_.add("notes.txt", "kernel /a\n");
    EXPECT_EQ(tried(), (Names{"three.conf 3", "two.conf 2", "one.conf 1", kDefault}));
    directory_.config = "default ONE\n";
    EXPECT_EQ(tried(), (Names{"one.conf 1", "three.conf 3", "two.conf 2", kDefault}));
    directory_.config = "default ?[wn]*\n"; // one, two
    EXPECT_EQ(tried(), (Names{"two.conf 2", "three.conf 3", "one.conf 1", kDefault}));
    directory_.config = "default absent\n";
    EXPECT_EQ(tried(), (Names{"three.conf 3", "two.conf 2", "one.conf 1", kDefault}));
}

TEST_F(EntryFinderTest, TheDefaultEntryIsReadBeforeAnyOther) {
    for (int i = 0; i < 20; ++i)
        directory_.add("os-" + std::to_string(i) + ".conf", "kernel /a\n");
    directory_.config = "default os-7\n";
    EntryFinder finder(given(frames_));
    ASSERT_EQ(finder.next()->file_name, "os-7.conf");
    EXPECT_EQ(directory_.reads, Names{"os-7.conf"});
}

TEST_F(EntryFinderTest, ADefaultEntryThatIsBrokenLeadsToTheNext) {
    directory_.config = "default os-*\n";
    directory_.add("os-2.conf", "kernel ..\n");
    directory_.add("os-1.conf", "kernel /a\n");
    directory_.add("z.conf", "kernel /a\n");
    EXPECT_EQ(tried(), (Names{"os-1.conf", "z.conf", kDefault}));
    EXPECT_TRUE(said("os-2.conf: error: boot_path_goes_up"));
    directory_.config = "default os-2\n";
    EXPECT_EQ(tried(), (Names{"z.conf", "os-1.conf", kDefault}));
}

TEST_F(EntryFinderTest, LoadOptionsComeFirst) {
    directory_.add("a.conf", "kernel /a\n");
    const std::u16string options = u"kernel=\\k -- words";
    EXPECT_EQ(tried(frames_, std::as_bytes(std::span(options))),
              (Names{"\\k words", "a.conf", kDefault}));
    const Buffer huge(1 << 20, std::byte{'x'});
    EXPECT_EQ(tried(frames_, huge), (Names{"a.conf", kDefault}));
    EXPECT_TRUE(said("load options: error: load_options_too_long"));
}

TEST_F(EntryFinderTest, ABundlesEntriesComeAfterTheLoadOptions) {
    put_bundle({{".entry", "kernel /b\noptions first"},
                {".entry7", "kernel /b\noptions last"},
                {".entry1", "kernel ..\n"},
                {".entry3", ""},
                {".entry2", "kernel /b\noptions second"}});
    directory_.add("a.conf", "kernel /a\n");
    const std::u16string options = u"kernel=\\k";
    EXPECT_EQ(tried(frames_, std::as_bytes(std::span(options))),
              (Names{"\\k", ".entry first", ".entry2 second", ".entry7 last", "a.conf", kDefault}));
    EXPECT_TRUE(said(".entry1: error: boot_path_goes_up"));
    EXPECT_TRUE(said(".entry3: error: file_empty"));
    EXPECT_FALSE(said("not_signed"));
}

TEST_F(EntryFinderTest, OnlyABundlesEntriesAreUsedWhereItIsEnforced) {
    put_bundle({{".entry", "kernel /b\n"}, {".entry1", "kernel /c\n"}});
    enforced_ = true;
    directory_.config = "default *\n";
    directory_.add("a.conf", "kernel /a\nmystery\n");
    directory_.add("b.conf", "kernel ..\n");
    const std::u16string options = u"kernel=\\k mystery=1";
    EXPECT_EQ(tried(frames_, std::as_bytes(std::span(options))),
              (Names{".entry", ".entry1", kDefault}));
    for (const auto* const name : {"load options", "loader.conf", "a.conf", "b.conf"})
        EXPECT_TRUE(said(std::string(name) + ": error: not_signed")) << name;
    EXPECT_FALSE(said("mystery") || said("goes_up"));
}

TEST_F(EntryFinderTest, NothingIsRefusedWhereNothingIs) {
    enforced_ = true;
    const std::u16string options = u"\\EFI\\BOOT\\grubx64.efi";
    EXPECT_EQ(tried(frames_, std::as_bytes(std::span(options))), Names{kDefault});
    EXPECT_FALSE(said("not_signed"));
}

TEST_F(EntryFinderTest, LiminesConfigurationIsRefusedByName) {
    enforced_ = true;
    directory_.files["\\limine.conf"] = "/A\nprotocol: limine\npath: boot():/k\n";
    EXPECT_EQ(tried(), Names{kDefault});
    EXPECT_TRUE(said("\\limine.conf: error: not_signed"));
}

TEST_F(EntryFinderTest, OptionsThatAreBrokenAreRefusedToo) {
    enforced_ = true;
    EXPECT_EQ(tried(frames_, Buffer(1 << 20, std::byte{'x'})), Names{kDefault});
    EXPECT_TRUE(said("load options: error: not_signed"));
}

TEST_F(EntryFinderTest, TheTextThatIsMeasuredIsTheWholeOne) {
    put_bundle({{".entry", "# bundle\nkernel /b\n"}});
    const std::u16string options = u"kernel=\\kae -- words";
    directory_.add("a.conf", "# file\nkernel /a\n");
    EntryFinder finder(given(frames_, std::as_bytes(std::span(options))));
    std::string texts;
    while (finder.next() != nullptr)
        texts.append(finder.origin()).append("=").append(finder.text()).append(";");
    EXPECT_EQ(texts, "load options=kernel=\\kae -- words;.entry=# bundle\nkernel /b\n;"
                     "a.conf=# file\nkernel /a\n;=;");
}

TEST_F(EntryFinderTest, TheTextOfLiminesEntriesIsTheWholeFile) {
    const std::string text = "${A}=b\n/A\nprotocol: limine\npath: boot():/${A}\n/B\n";
    directory_.files["\\limine.conf"] = text;
    EntryFinder finder(given(frames_));
    ASSERT_EQ(finder.next()->kernel, "\\b");
    EXPECT_EQ(finder.text(), text);
    EXPECT_EQ(finder.origin(), "\\limine.conf");
}

TEST_F(EntryFinderTest, ABundlesFirstEntryEnforces) {
    const auto enforced = [&](std::string_view name, std::string_view text) {
        put_bundle({{name, text}});
        EntryFinder finder(given(frames_));
        return finder.enforced();
    };
    EXPECT_TRUE(enforced(".entry", "kernel /b\nenforce on\n"));
    EXPECT_FALSE(enforced(".entry", "kernel /b\nenforce off\n"));
    EXPECT_FALSE(enforced(".entry", "kernel /b\n"));
    EXPECT_FALSE(enforced(".entry1", "kernel /b\nenforce on\n"));
}

/// As many and as large as a boot partition could have.
TEST_F(EntryFinderTest, ManyLargeEntriesTakeTheMemoryOfAFew) {
    const std::string padding = "\n#" + std::string(4000, 'x');
    std::string text = "kernel /a\noptions y";
    while (text.size() + padding.size() < 65'000)
        text += padding;
    for (int i = 0; i < 900; ++i)
        directory_.add("e" + std::to_string(1000 + i) + ".conf", text);
    directory_.config = "default e1500\n";
    const auto entries = tried();
    ASSERT_EQ(entries.size(), 901u);
    EXPECT_EQ(entries.front(), "e1500.conf y");
    EXPECT_EQ(entries.back(), kDefault);
    uint64_t bytes = 0;
    for (const PhysRange& block : frames_.blocks())
        bytes += block.bytes;
    EXPECT_LT(bytes, uint64_t{4} << 20);
}

TEST_F(EntryFinderTest, LongSortKeysTakeLittleMemory) {
    const std::string key(60'000, 'k');
    for (int i = 0; i < 200; ++i)
        directory_.add("e" + std::to_string(i) + ".conf",
                       "kernel /a\nsort-key " + key + "\nversion " + key + "\n");
    EXPECT_EQ(tried().size(), 201u);
    uint64_t bytes = 0;
    for (const PhysRange& block : frames_.blocks())
        bytes += block.bytes;
    EXPECT_LT(bytes, uint64_t{4} << 20);
}

TEST_F(EntryFinderTest, MoreEntriesThanThereMayBeAreLeftOut) {
    for (int i = 0; i < 3000; ++i)
        directory_.add("e" + std::to_string(i) + ".conf", "kernel /a\n");
    directory_.config = "default e2999\n";
    const auto entries = tried();
    EXPECT_EQ(entries.size(), kMostEntryFiles + 1);
    EXPECT_EQ(entries.front(), "e2999.conf");
    EXPECT_EQ(entries.back(), kDefault);
    EXPECT_TRUE(said("1976 entry files left out")) << lines_.all;
}

TEST_F(EntryFinderTest, ADirectoryWithoutAnEndIsLeft) {
    directory_.config = "default good\n";
    directory_.add("good.conf", "kernel /a\n");
    directory_.files["same.conf"] = "kernel /b\n";
    directory_.is_endless = directory_.is_endless_of_one = true;
    EXPECT_EQ(tried(), (Names{"good.conf", "same.conf", kDefault}));
    EXPECT_EQ(directory_.listed, kMostNames + 1);
    EXPECT_TRUE(said("more than 16384 names"));
    directory_.is_endless_of_one = false;
    EXPECT_EQ(tried().back(), kDefault); // none of them can be read
    EXPECT_EQ(directory_.listed, kMostNames + 1);
}

TEST_F(EntryFinderTest, BrokenEntriesDoNotFillTheLog) {
    for (int i = 0; i < 900; ++i)
        directory_.add("e" + std::to_string(i) + ".conf", i % 2 == 0 ? "kernel ..\n" : "");
    std::string odd = "kernel /a\n";
    for (int i = 0; i < 5000; ++i)
        odd += "colour blue\n";
    directory_.add("odd.conf", odd);
    EXPECT_EQ(tried(), (Names{"odd.conf", kDefault}));
    EXPECT_LE(std::count(lines_.all.begin(), lines_.all.end(), '\n'), 65);
    EXPECT_TRUE(said("no more of these lines"));
}

TEST_F(EntryFinderTest, WithoutMemoryWhatIsLeftIsTried) {
    for (int i = 0; i < 40; ++i)
        directory_.add("e" + std::to_string(i) + ".conf", "kernel /a\n");
    directory_.config = "default e3\n";
    for (uint64_t call = 0; call < 12; ++call) {
        FakeFrames frames;
        frames.run_dry_at(call);
        const auto entries = tried(frames);
        ASSERT_FALSE(entries.empty());
        EXPECT_EQ(entries.back(), kDefault);
    }
}

const std::string kLimine = "/A\npath: boot():/a\ncmdline: 1\n/B\npath: boot(2):/b\n";
const std::string kLimineConf = "\\boot\\limine.conf";

TEST_F(EntryFinderTest, WithoutEntriesOfBatonThoseOfLimineAreTried) {
    directory_.files[kLimineConf] = kLimine;
    EXPECT_EQ(tried(), (Names{kLimineConf + " 1", kLimineConf, kDefault}));
    directory_.add("linux.conf", "linux /vmlinuz\n"); // for others
    EXPECT_EQ(tried(), (Names{kLimineConf + " 1", kLimineConf, kDefault}));
}

TEST_F(EntryFinderTest, AnythingOfBatonsOwnKeepsLimineAway) {
    directory_.files[kLimineConf] = kLimine;
    for (const std::u16string_view options : {u"kernel=\\k", u"kernel=\"x"}) {
        const Names found = tried(frames_, std::as_bytes(std::span(options)));
        EXPECT_EQ(found.back(), kDefault);
        EXPECT_EQ(std::ranges::count(found, kLimineConf), 0);
    }
    directory_.add("a.conf", "kernel /a\n");
    EXPECT_EQ(tried(), (Names{"a.conf", kDefault}));
    directory_.files["a.conf"] = "kernel ..\n"; // broken, but there
    EXPECT_EQ(tried(), Names{kDefault});
    directory_.names.clear();
    EXPECT_EQ(tried().size(), 3u);
    directory_.files[kDefault] = "a kernel";
    EXPECT_EQ(tried(), Names{kDefault});
}

TEST_F(EntryFinderTest, TheFirstConfigurationOfLimineCounts) {
    std::string_view places = kLimineConfs;
    Names all;
    while (!places.empty()) {
        const std::string_view path = places.substr(0, places.find(' '));
        places.remove_prefix(std::min(path.size() + 1, places.size()));
        all.emplace_back(path);
    }
    EXPECT_EQ(all.size(), 12u);
    for (auto path = all.rbegin(); path != all.rend(); ++path) {
        directory_.files[*path] =
            path->ends_with(".cfg") ? ":A\nKERNEL_PATH=boot:///a\n" : "/A\npath: boot():/a\n";
        EXPECT_EQ(tried(), (Names{*path, kDefault}));
    }
    directory_.files[all.front()] = "# nothing\n";
    EXPECT_EQ(tried(), Names{kDefault});
    directory_.files[all.front()] = "\x01";
    EXPECT_EQ(tried(), Names{kDefault});
    EXPECT_TRUE(said(all.front() + ": error: boot_text_not_plain"));
}

TEST_F(EntryFinderTest, WhatIsNotUsedOfLimineIsLogged) {
    directory_.files[kLimineConf] =
        "timeout: 5\nterm_margin: 0\n/Arch\nprotocol: linux\npath: boot():/vmlinuz\n"
        "/Other\nresolution: 1x1\npath: guid(12):/k\n/Hash\npath: boot():/k#00\n"
        "/Good\nsomething: x\npath: boot():/k\n";
    EXPECT_EQ(tried(), (Names{kLimineConf, kDefault}));
    for (const std::string_view line :
         {"\\boot\\limine.conf:1: timeout: for other loaders, ignored",
          "\\boot\\limine.conf:2: term_margin: for other loaders, ignored",
          "Arch: skipped: linux: the entry is for another boot protocol",
          "Other: error: boot_path_with_device: guid(12): is Limine's",
          "Hash: error: boot_path_with_hash: ",
          "\\boot\\limine.conf:12: something: not known, ignored"})
        EXPECT_TRUE(said(line)) << line << " in\n" << lines_.all;
}

TEST_F(EntryFinderTest, AConfigurationOfLimineWithoutAnEndIsLeft) {
    std::string text;
    for (int i = 0; i < 10'000; ++i)
        text += "/" + std::to_string(i) + "\npath: boot():/k\n";
    directory_.files[kLimineConf] = text;
    EXPECT_EQ(tried().size(), kMostEntryFiles + 1);
    EXPECT_TRUE(said(kLimineConf + ": more entries aren't looked at"));
    for (uint64_t call = 0; call < 6; ++call) {
        FakeFrames few;
        few.run_dry_at(call);
        EXPECT_EQ(tried(few).back(), kDefault);
    }
}

TEST_F(EntryFinderTest, AnEmptyConfigurationIsNone) {
    directory_.add("a.conf", "kernel /a\n");
    directory_.config = "\n";
    EXPECT_EQ(tried(), (Names{"a.conf", kDefault}));
    EXPECT_EQ(lines_.all, "");
}

} // namespace
} // namespace baton::test

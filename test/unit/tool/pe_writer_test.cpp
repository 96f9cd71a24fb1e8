// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/pe_writer.hpp"

#include "bundle/bundle.hpp"
#include "tools/baton/failure.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace baton::tool {
namespace {

Bytes bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

std::string with(const std::vector<NewSection>& sections) {
    const std::string program = empty_program();
    return add_sections(bytes_of(program), sections);
}

TEST(PeWriter, TheLoadersReaderFindsWhatWasAdded) {
    const std::string image = with({{".entry", "kernel \\k"},
                                    {".files", ".kernel \\k\n.mod0 \\m\n"},
                                    {".kernel", std::string(513, 'k')},
                                    {".mod0", ""}});
    const auto bundle = Bundle::read(bytes_of(image), Bundle::Form::file);
    ASSERT_TRUE(bundle);
    EXPECT_TRUE(bundle->has_entry());
    EXPECT_EQ(bundle->file("\\k")->bytes.size(), 513);
    EXPECT_EQ(bundle->file("\\m")->bytes.size(), 0);
}

TEST(PeWriter, HeadersGrowWhereSectionsNeedIt) {
    std::vector<NewSection> sections;
    for (std::size_t i = 0; i < room_for_sections(bytes_of(empty_program())); ++i)
        sections.push_back({".mod" + std::to_string(i), "m"});
    const auto image = with(sections);
    const auto bundle = Bundle::read(bytes_of(image), Bundle::Form::file);
    ASSERT_TRUE(bundle);
    EXPECT_EQ(bundle->section_count(), sections.size() + 2);
    sections.push_back({".kernel", ""});
    EXPECT_THROW(with(sections), Failure);
}

TEST(PeWriter, WhatIsNoPeFileIsRefusedWhereverItIsCutOff) {
    const std::string image = with({{".kernel", "k"}});
    for (std::size_t bytes = 0; bytes < image.size(); ++bytes)
        EXPECT_THROW(authenticode_content(bytes_of(image).first(bytes)), Failure) << bytes;
}

TEST(PeWriter, ASignatureAndTheCheckSumAreNotHashed) {
    const std::string image = with({{".kernel", "k"}});
    const std::string content = authenticode_content(bytes_of(image));
    EXPECT_EQ(content.size(), image.size() - 12);
    std::string is_signed = image + "12345678";
    const std::size_t optional = 64 + 24;
    const uint32_t at = static_cast<uint32_t>(image.size()), bytes = 8;
    std::memcpy(&is_signed[optional + 144], &at, sizeof at);
    std::memcpy(&is_signed[optional + 148], &bytes, sizeof bytes);
    is_signed[optional + 64] ^= 1;
    EXPECT_EQ(certificate_bytes(bytes_of(is_signed)), 8);
    EXPECT_EQ(authenticode_content(bytes_of(is_signed)), content);
    EXPECT_THROW(add_sections(bytes_of(is_signed), {}), Failure);
    EXPECT_THROW(authenticode_content(bytes_of(is_signed + "more")), Failure);
}

} // namespace
} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
//
// A file of the boot volume that isn't there: one of this machine's.
#pragma once

#include "loading/file_source.hpp"
#include "tools/baton/files.hpp"

#include <algorithm>
#include <optional>

namespace baton::tool {

/// Whether content is copied into the machine's memory. That of most modules decides nothing, and
/// it may be gigabytes.
enum class Content : bool { left_out, read };

class DeskFile final : public FileSource {
  public:
    explicit DeskFile(const std::filesystem::path& file, Content content = Content::read)
        : file_(std::in_place, file),
          content_(content) {}
    /// One that isn't here.
    explicit DeskFile(uint64_t bytes) : bytes_(bytes), content_(Content::left_out) {}

    Result<uint64_t> size() override { return file_ ? file_->bytes().size() : bytes_; }
    Result<void> read(uint64_t offset, std::span<std::byte> into) override {
        if (content_ == Content::read)
            std::copy_n(file_->bytes().begin() + static_cast<std::ptrdiff_t>(offset), into.size(),
                        into.begin());
        return {};
    }

  private:
    std::optional<MappedFile> file_;
    uint64_t bytes_ = 0;
    Content content_;
};

} // namespace baton::tool

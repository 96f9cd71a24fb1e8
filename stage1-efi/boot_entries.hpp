// SPDX-License-Identifier: BSD-2-Clause
//
// Boot entries where the loader came from. A server's directories can't be listed: of its entries,
// only the one that \loader\loader.conf names as the default can be found.
#pragma once

#include "boot/entry_finder.hpp"
#include "log/log.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/boot_device.hpp"
#include "stage1-efi/volume.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace baton {

class VolumeEntries final : public EntrySource {
  public:
    /// All of it is referred to.
    VolumeEntries(const efi::Firmware& firmware, const File& volume, FrameSource& frames, Log& log)
        : firmware_(firmware),
          volume_(volume),
          frames_(frames),
          log_(log),
          reader_(frames, log) {}

    void start_list(std::string_view default_pattern) override;
    std::optional<std::string_view> next_name() override;
    Result<std::string_view> read_entry(std::string_view name, Arena& arena) override;
    Result<std::string_view> read_file(std::string_view path, Arena& arena) override;
    bool may_have_limine() override;
    uint32_t partition() override { return boot_partition(firmware_); }

  private:
    Result<std::string_view> read_text(const File& directory, std::string_view path, Arena& arena);

    const efi::Firmware& firmware_;
    const File& volume_;
    FrameSource& frames_;
    Log& log_;
    FileReader reader_;
    std::optional<File> directory_;
    std::array<char, kMostNameBytes> name_buffer_{};
    std::string_view default_name_; // the only name on a server; empty: none, or it was given
};

} // namespace baton

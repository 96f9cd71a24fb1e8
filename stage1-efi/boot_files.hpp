// SPDX-License-Identifier: BSD-2-Clause
//
// The one way to the files of a boot: from the bundle, else from where the loader came from, as far
// as that is allowed. Each is opened once, and what is verified or measured is read once.
#pragma once

#include "loading/file_source.hpp"
#include "memory/block.hpp"
#include "stage1-efi/firmware_frames.hpp"
#include "stage1-efi/tpm.hpp"
#include "stage1-efi/trust.hpp"
#include "stage1-efi/volume.hpp"

#include <optional>
#include <string_view>

namespace baton {

class BootFiles {
  public:
    struct Given {
        const efi::Firmware& firmware;
        const File& volume;
        const Trust& trust;
        Tpm& tpm;
        Log& log;
        bool enforced; // only what is verified is opened
        bool must_measure;
    };
    /// All of it is referred to.
    BootFiles(const Given& given, FirmwareFrames& frames)
        : given_(given),
          frames_(frames),
          reader_(frames, given.log),
          arena_(frames) {}
    ~BootFiles() { close(); }
    BootFiles(const BootFiles&) = delete;
    BootFiles& operator=(const BootFiles&) = delete;

    /// A file by the path that an entry or the kernel names. Errors: those of File::open() and
    /// Container::open(), not_signed, measurement_failed, file_*, out_of_memory.
    Result<FileSource*> open(std::string_view path);
    /// What was opened can't be used any more.
    void close();
    /// Whether all that was opened so far is verified.
    bool all_verified() const { return all_verified_; }

  private:
    class OnVolume; // NOLINT(cppcoreguidelines-virtual-class-destructor): final where it is defined
    struct Loaded {
        EFI_HANDLE image; // null: it was refused
        Loaded* next;
    };

    Result<FileSource*> find(std::string_view path);
    Result<FileSource*> open_on_volume(std::string_view path);
    Result<FileSource*> open_container(std::string_view path, Bytes whole);
    Result<FileSource*> serve(std::string_view path, Bytes contents, const char* from,
                              std::string_view inner_path = {});
    Result<Bytes> read_whole(FileSource& file);
    static bool is_container(Bytes file);

    const Given& given_;
    FirmwareFrames& frames_;
    FileReader reader_;
    FrameArena arena_;             // for what is open
    OnVolume* files_ = nullptr;    // that was opened last
    Loaded* containers_ = nullptr; // the same
    bool all_verified_ = true;
};

} // namespace baton

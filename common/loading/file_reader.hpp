// SPDX-License-Identifier: BSD-2-Clause
//
// Reads files through a firmware's driver, in pieces that the driver can do.
#pragma once

#include "core/error.hpp"
#include "log/log.hpp"
#include "memory/frame_source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

/// A file that a driver reads through an open handle. Statuses are UEFI's: errors have the highest
/// bit set (UEFI 2.10 appendix D).
class DriverFile {
  public:
    struct Answer {
        uint64_t status;
        uint64_t bytes;
        constexpr bool failed() const { return status >> 63 != 0; }
    };
    /// Closes the handle and opens the file again. Returns the status.
    virtual uint64_t reopen() = 0;
    /// Of the next read. Returns the status.
    virtual uint64_t set_position(uint64_t position) = 0;
    /// One call of the driver, for what follows the last one's bytes. 0 bytes: the end of the file.
    virtual Answer read(std::span<std::byte> into) = 0;

  protected:
    ~DriverFile() = default;
};

/// Asks a driver for pieces of bounded size. A piece that fails is tried again in another way: each
/// time on a newly opened handle, because EDK II's FAT driver keeps an error with the open file; in
/// smaller pieces, because some drivers refuse large ones; through a buffer below 4 GiB, because
/// some reach no memory above. What has succeeded is the way of all later reads.
class FileReader {
  public:
    /// The largest piece. What pieces cost, with a kernel of 64 MiB under OVMF (./baton bench
    /// --disk virtio-blk --mib 64: instructions of stage 1, the waiting aside): 16.1 million in
    /// pieces of 1 MiB, 13.8 of 4, 13.2 of 8, 12.6 of 16; 9.6 in one. Most of that is the same for
    /// any number of pieces: EDK II's FAT driver then walks the chain of clusters twice.
    static constexpr uint64_t kPieceBytes = uint64_t{16} << 20;
    /// Of each piece, before the file counts as unreadable.
    static constexpr unsigned kTries = 5;

    /// The buffer comes from `frames`, when it is needed.
    FileReader(FrameSource& frames, Log& log) : frames_(frames), log_(log) {}

    FrameSource& frames() const { return frames_; }

    /// Fills `into` with the file's bytes from `offset` on.
    /// Errors: file_unreadable with the last status and where the piece begins that can't be read;
    /// file_read_short where the file ends before, or the driver says that it read more than it was
    /// asked for.
    Result<void> read(DriverFile& file, uint64_t offset, std::span<std::byte> into);

    /// How long a file is whose driver has `reported` a size. That may be 0 or too small: where the
    /// file has a byte after its end, it is read to the end, or until it is longer than `most`.
    /// (Too large a size looks like a file that is damaged: reading it fails.)
    /// Errors: file_unreadable, file_read_short, file_size_unknown, out_of_memory.
    Result<uint64_t> size(DriverFile& file, uint64_t reported, uint64_t most);

  private:
    /// Where a sequence of reads in one file is.
    struct Place {
        uint64_t offset;
        bool is_set = false; // the driver's position is `offset`
    };
    /// One piece or a part of it. Returns its bytes: 0 at the end of the file.
    Result<uint64_t> read_piece(DriverFile& file, Place& place, std::span<std::byte> into);
    DriverFile::Answer try_piece(DriverFile& file, Place& place, std::span<std::byte> piece);
    void change_way(const DriverFile::Answer& refused, const Place& place, unsigned tries,
                    bool is_high);
    Result<bool> has_byte_at(DriverFile& file, uint64_t offset);
    Result<uint64_t> measure(DriverFile& file, uint64_t reported, uint64_t begin, uint64_t most);
    void make_buffer();
    void say(const TextWriter& text);

    FrameSource& frames_;
    Log& log_;
    uint64_t limit_ = kPieceBytes;
    std::span<std::byte> buffer_; // empty: not needed so far
    bool are_short_reads_known_ = false;
    unsigned lines_ = 0; // of the log
};

} // namespace baton

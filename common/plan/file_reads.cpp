// SPDX-License-Identifier: BSD-2-Clause
#include "plan/file_reads.hpp"

namespace baton {
namespace {

/// Whether `read` may go on, over what comes before it in the file, to a segment's bytes.
bool takes(const FileRead& read, const Segment& segment, PhysAddr destination) {
    constexpr uint64_t kLargestGap = uint64_t{64} << 10;
    const uint64_t end = read.offset + read.bytes;
    return segment.file_offset >= end && segment.file_offset - end <= kLargestGap &&
           destination.value - read.destination.value == segment.file_offset - read.offset;
}

} // namespace

std::optional<FileRead> FileReads::next() {
    std::optional<FileRead> read;
    const Region* region =
        nullptr; // which the read must not leave: the frames after it are others'
    for (; !rest_.empty(); rest_ = rest_.subspan(1)) { // by address: mostly by offset as well
        const Segment& segment = rest_.front();
        if (segment.file_bytes == 0)
            continue;
        const PhysAddr destination = plan_.loaded(segment.memory.base);
        if (!read) {
            read = {segment.file_offset, segment.file_bytes, destination};
            region = plan_.region_of(segment.memory.base);
        } else if (region == plan_.region_of(segment.memory.base) &&
                   takes(*read, segment, destination)) {
            read->bytes = segment.file_offset + segment.file_bytes - read->offset;
        } else {
            break;
        }
    }
    return read;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "loading/file_reader.hpp"

#include "memory/memory_range.hpp"

#include <algorithm>

namespace baton {
namespace {

using Answer = DriverFile::Answer;

constexpr uint64_t kBufferBytes = uint64_t{1} << 20;

/// The size to try where one of `bytes` has failed twice.
uint64_t smaller_piece(uint64_t bytes) {
    for (const uint64_t piece : {uint64_t{1} << 20, uint64_t{64} << 10})
        if (piece < bytes)
            return piece;
    return kPageBytes;
}

/// Drivers may not reach it.
bool is_above_4gib(std::span<const std::byte> memory) {
    return reinterpret_cast<uint64_t>(memory.data()) + memory.size() > k4GiB.value;
}

} // namespace

Result<void> FileReader::read(DriverFile& file, uint64_t offset, std::span<std::byte> into) {
    Place place{.offset = offset};
    const uint64_t limit_before = limit_;
    while (!into.empty()) {
        const auto bytes = read_piece(file, place, into);
        if (!bytes) {
            limit_ = limit_before; // smaller pieces don't help
            return std::unexpected(bytes.error());
        }
        if (*bytes == 0)
            return fail(ErrorCode::file_read_short, {place.offset, into.size()});
        if (*bytes < into.size() && *bytes % kPageBytes != 0 && !are_short_reads_known_) {
            are_short_reads_known_ = true; // all pieces are whole pages
            Text text;
            say(text.put("the firmware reads only %d bytes at once", *bytes));
        }
        into = into.subspan(*bytes);
    }
    return {};
}

Result<uint64_t> FileReader::read_piece(DriverFile& file, Place& place, std::span<std::byte> into) {
    const bool is_high = is_above_4gib(into);
    Answer answer{};
    for (unsigned tries = 0; tries < kTries; ++tries) {
        const uint64_t limit =
            is_high && !buffer_.empty() ? std::min(limit_, buffer_.size()) : limit_;
        const auto piece = into.first(std::min<uint64_t>(into.size(), limit));
        answer = try_piece(file, place, piece);
        if (!answer.failed() && answer.bytes <= piece.size()) {
            place.offset += answer.bytes;
            return answer.bytes;
        }
        if (!answer.failed())
            return fail(ErrorCode::file_read_short, {place.offset, piece.size()});
        place.is_set = false;
        if (const uint64_t status = file.reopen(); Answer{status, 0}.failed())
            return fail(ErrorCode::file_unreadable, {status, place.offset});
        if (tries + 1 < kTries)
            change_way({answer.status, piece.size()}, place, tries, is_high);
    }
    return fail(ErrorCode::file_unreadable, {answer.status, place.offset});
}

Answer FileReader::try_piece(DriverFile& file, Place& place, std::span<std::byte> piece) {
    if (!place.is_set)
        if (const Answer set{file.set_position(place.offset), 0}; set.failed())
            return set;
    place.is_set = true;
    if (buffer_.empty() || !is_above_4gib(piece))
        return file.read(piece);
    const auto part = buffer_.first(piece.size());
    const Answer answer = file.read(part);
    if (!answer.failed())
        std::copy_n(part.begin(), std::min<uint64_t>(answer.bytes, part.size()), piece.begin());
    return answer;
}

/// After `refused`, which has the number of bytes that were asked for.
void FileReader::change_way(const Answer& refused, const Place& place, unsigned tries,
                            bool is_high) {
    const bool had_buffer = !buffer_.empty();
    if (is_high && !had_buffer)
        make_buffer();
    const bool has_new_buffer = !had_buffer && !buffer_.empty();
    if (tries != 0 && !has_new_buffer)
        limit_ = smaller_piece(refused.bytes);
    Text text;
    text.put("a read of %z at %x", refused.bytes, place.offset);
    text.put(" failed with status %x: tried again", refused.status);
    if (has_new_buffer)
        text.add(" with memory below 4 GiB");
    else if (tries != 0)
        text.put(" with %z", limit_);
    say(text);
}

/// A line of the log, as long as they don't fill it.
void FileReader::say(const TextWriter& text) {
    constexpr unsigned kMostLines = 16;
    if (lines_ < kMostLines)
        log_.line(text);
    ++lines_;
}

/// As large as memory allows. Without one, reads stay as they are.
void FileReader::make_buffer() {
    for (uint64_t pages = kBufferBytes / kPageBytes; pages != 0; pages /= 2) {
        const auto base =
            frames_.allocate({.pages = pages, .use = MemoryUse::read_buffer, .below = k4GiB});
        if (base) {
            buffer_ = {frames_.access(*base), pages * kPageBytes};
            return;
        }
    }
}

Result<uint64_t> FileReader::size(DriverFile& file, uint64_t reported, uint64_t most) {
    const uint64_t begin = reported > kPhysicalAddressEnd ? 0 : reported; // no number of bytes
    auto more = has_byte_at(file, begin);
    if (!more)
        more = has_byte_at(file, begin); // through a new handle
    if (!more)
        return begin == 0 ? std::unexpected(more.error()) : Result<uint64_t>(begin);
    return *more ? measure(file, reported, begin, most) : begin;
}

/// A driver that only says that it has read a byte leaves memory as it was.
Result<bool> FileReader::has_byte_at(DriverFile& file, uint64_t offset) {
    for (const std::byte before : {std::byte{0xa5}, std::byte{0x5a}}) {
        std::byte byte = before;
        Answer answer{file.set_position(offset), 0};
        if (!answer.failed())
            answer = file.read({&byte, 1});
        if (answer.failed()) {
            if (const uint64_t status = file.reopen(); Answer{status, 0}.failed())
                answer.status = status;
            return fail(ErrorCode::file_unreadable, {answer.status, offset});
        }
        if (answer.bytes == 0)
            return false;
        if (byte != before)
            return true;
    }
    return false;
}

Result<uint64_t> FileReader::measure(DriverFile& file, uint64_t reported, uint64_t begin,
                                     uint64_t most) {
    constexpr unsigned kMostShortReads = 1u << 16;
    if (buffer_.empty())
        make_buffer();
    if (buffer_.empty())
        return fail(ErrorCode::out_of_memory, {kPageBytes, 1});
    Place place{.offset = begin};
    for (unsigned short_reads = 0; place.offset <= most;) {
        const auto bytes = TRY(read_piece(file, place, buffer_));
        if (bytes == 0)
            break;
        if (bytes < buffer_.size() && ++short_reads > kMostShortReads)
            return fail(ErrorCode::file_size_unknown, {reported, place.offset, short_reads});
    }
    Text text;
    text.put("the firmware says that a file has %d bytes, and it has ", reported);
    say(text.put("%d%s", place.offset, place.offset > most ? " or more" : ""));
    return place.offset;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_files.hpp"

#include "config/lines.hpp"

#include <utility>

namespace baton {
class BootFiles::OnVolume final : public FileSource {
  public:
    OnVolume(File&& file, BootFiles& files, OnVolume* older)
        : next(older),
          file_(std::move(file)),
          files_(files) {}
    /// Memory couldn't hold more than what is free.
    Result<uint64_t> size() override {
        if (!size_)
            size_ = TRY(file_.size(files_.reader_, files_.frames_.free_bytes()));
        return *size_;
    }
    Result<void> read(uint64_t offset, std::span<std::byte> into) override {
        return file_.read(files_.reader_, offset, into);
    }

    OnVolume* next; // that was opened before

  private:
    File file_;
    BootFiles& files_;
    std::optional<uint64_t> size_; // once it is known
};

Result<FileSource*> BootFiles::open(std::string_view path) {
    const auto file = find(path);
    if (file && given_.must_measure)
        TRY(given_.tpm.check());
    return file;
}

Result<FileSource*> BootFiles::find(std::string_view path) {
    if (const auto file = given_.trust.bundle.file(path)) {
        all_verified_ &= given_.trust.verifier != BATON_VERIFIED_BY_NOBODY;
        return serve(path, file->bytes, "the bundle");
    }
    const bool may_be_container = ends_with_ignoring_case(path, ".efi");
    if (given_.enforced && !may_be_container)
        return std::unexpected(Error(ErrorCode::not_signed).about(path));
    FileSource* file = TRY(open_on_volume(path));
    if (may_be_container || given_.tpm.is_there()) {
        const auto read = read_whole(*file);
        if (!read)
            return std::unexpected(read.error().about(path));
        const Bytes whole = *read;
        given_.tpm.measure(Tpm::kFiles, "file", path, whole);
        if (may_be_container && (given_.enforced || is_container(whole)))
            return open_container(path, whole);
        file = TRY(serve(path, whole, "memory"));
    }
    all_verified_ = false;
    return file;
}

Result<FileSource*> BootFiles::open_on_volume(std::string_view path) {
    struct alignas(OnVolume) Memory {
        std::byte bytes[sizeof(OnVolume)];
    };
    File file = TRY(given_.volume.open(path, frames_));
    Memory& memory = TRY(arena_.scratch<Memory>(1)).front();
    files_ = new (&memory) OnVolume(std::move(file), *this, files_);
    return files_;
}

/// A PE file with an index, be it damaged. Others are ordinary files.
bool BootFiles::is_container(Bytes file) {
    Bundle bundle;
    const auto opened = bundle.open(file, Bundle::Form::file);
    return opened ? bundle.has_index()
                  : opened.error().numbers()[0] != static_cast<uint64_t>(BundleCheck::headers);
}

Result<FileSource*> BootFiles::open_container(std::string_view path, Bytes whole) {
    Loaded& loaded = *TRY(arena_.make<Loaded>(nullptr, containers_));
    containers_ = &loaded;
    const auto content = load_container(given_.firmware, whole, loaded.image);
    if (!content)
        return std::unexpected(content.error().about(path));
    all_verified_ &= given_.trust.verifier != BATON_VERIFIED_BY_NOBODY;
    return serve(path, content->bytes, "a container", content->path);
}

Result<FileSource*> BootFiles::serve(std::string_view path, Bytes contents, const char* from,
                                     std::string_view inner_path) {
    given_.log.line("%v: %z from %s", path, contents.size(), from);
    return TRY(arena_.make<MemoryFile>(contents, inner_path));
}

Result<Bytes> BootFiles::read_whole(FileSource& file) {
    const uint64_t bytes = TRY(file.size());
    const Block block = TRY(allocate_block(frames_, bytes, {.use = MemoryUse::fetched_file}));
    TRY(file.read(0, block.bytes));
    return Bytes(block.bytes);
}

void BootFiles::close() {
    while (files_ != nullptr)
        std::exchange(files_, files_->next)->~OnVolume();
    for (; containers_ != nullptr; containers_ = containers_->next)
        if (containers_->image != nullptr)
            given_.firmware.boot()->UnloadImage(containers_->image);
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_files.hpp"

#include "config/lines.hpp"

#include <utility>

namespace baton {
namespace {

/// Whether this may be a container: a PE file with an index. Others are ordinary files.
Result<bool> is_container(Bytes file) {
    const auto bundle = Bundle::read(file, Bundle::Form::file);
    if (bundle)
        return bundle->has_index();
    if (bundle.error().numbers()[0] == static_cast<uint64_t>(BundleCheck::headers))
        return false;
    return std::unexpected(bundle.error());
}

} // namespace

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
    if (const auto file = given_.trust.bundle.file(path)) {
        all_verified_ &= given_.trust.verifier != BATON_VERIFIED_BY_NOBODY;
        return serve(path, file->bytes, "the bundle");
    }
    const bool may_be_container = ends_with_ignoring_case(path, ".efi");
    if (given_.enforced && !may_be_container)
        return std::unexpected(Error(ErrorCode::not_signed).about(path));
    if (!may_be_container && !given_.tpm.is_there())
        return open_on_volume(path);

    File file = TRY(given_.volume.open(path, frames_));
    const Bytes whole = TRY(read_whole(file));
    given_.tpm.measure(Tpm::kFiles, "file", path, whole);
    if (given_.must_measure)
        TRY(given_.tpm.check());
    if (may_be_container) {
        const auto opened = open_container(path, whole);
        if (!opened)
            return std::unexpected(opened.error().about(path));
        if (*opened != nullptr)
            return opened;
    }
    all_verified_ = false;
    return serve(path, whole, "memory");
}

Result<FileSource*> BootFiles::open_on_volume(std::string_view path) {
    struct alignas(OnVolume) Memory {
        std::byte bytes[sizeof(OnVolume)];
    };
    File file = TRY(given_.volume.open(path, frames_));
    Memory& memory = TRY(arena_.scratch<Memory>(1)).front();
    files_ = new (&memory) OnVolume(std::move(file), *this, files_);
    all_verified_ = false;
    return files_;
}

/// Null: it is an ordinary file, which may be used.
Result<FileSource*> BootFiles::open_container(std::string_view path, Bytes whole) {
    if (!given_.enforced && !TRY(is_container(whole)))
        return nullptr;
    const Container container = TRY(Container::open(given_.firmware, path, whole));
    const auto loaded = arena_.scratch<Loaded>(1);
    if (!loaded) {
        container.unload(given_.firmware);
        return std::unexpected(loaded.error());
    }
    loaded->front() = {container, containers_};
    containers_ = loaded->data();
    all_verified_ &= given_.trust.verifier != BATON_VERIFIED_BY_NOBODY;
    const BundleFile content = container.content();
    return serve(path, content.bytes, "a container", content.path);
}

Result<FileSource*> BootFiles::serve(std::string_view path, Bytes contents, const char* from,
                                     std::string_view inner_path) {
    given_.log.line("%v: %z from %s", path, contents.size(), from);
    return TRY(arena_.make<MemoryFile>(contents, inner_path));
}

/// Into memory of its own. It can't be larger than what is free.
Result<Bytes> BootFiles::read_whole(File& file) {
    const uint64_t bytes = TRY(file.size(reader_, frames_.free_bytes()));
    const Block block = TRY(allocate_block(frames_, bytes, {.use = MemoryUse::fetched_file}));
    TRY(file.read(reader_, 0, block.bytes));
    return Bytes(block.bytes);
}

void BootFiles::close() {
    while (files_ != nullptr)
        std::exchange(files_, files_->next)->~OnVolume();
    while (containers_ != nullptr)
        std::exchange(containers_, containers_->next)->container.unload(given_.firmware);
}

} // namespace baton

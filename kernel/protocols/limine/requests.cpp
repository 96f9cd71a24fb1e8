// SPDX-License-Identifier: BSD-2-Clause
#include "requests.hpp"

#include <initializer_list>

extern "C" void other_start();

namespace requests {
namespace {

using limine::Feature;

constexpr limine::Request request(Feature feature, uint64_t revision = 0) {
    return {.magic = {limine::kRequestMagic[0], limine::kRequestMagic[1]},
            .id = limine::kIds[static_cast<std::size_t>(feature)],
            .revision = revision,
            .response = kUntouched};
}
constexpr limine::Request kNone{};

[[gnu::section(".requests_start"), gnu::used]]
volatile const uint64_t start_marker[] = {limine::kStartMarker[0], limine::kStartMarker[1],
                                          limine::kStartMarker[2], limine::kStartMarker[3]};
[[gnu::section(".requests_end"), gnu::used]]
volatile const uint64_t end_marker[] = {limine::kEndMarker[0], limine::kEndMarker[1]};

[[gnu::section(".data"), gnu::used]] // outside of the markers
volatile limine::Request outside = request(Feature::hhdm);

constexpr const char kModulePath[] = "own-module";
constexpr const char kModuleString[] = "of the kernel";

struct Module {
    const char* path;
    const char* string;
    uint64_t flags;
};
constinit Module module{kModulePath, kModuleString, 0};
constinit Module* module_list[] = {&module};

} // namespace

#define IN_REQUESTS [[gnu::section(".requests"), gnu::used]]

IN_REQUESTS volatile limine::RevisionTag tag = {
    .magic = {limine::kRevisionMagic[0], limine::kRevisionMagic[1]},
    .revision = LIMINE_TEST_REVISION};

IN_REQUESTS volatile limine::Request unknown = {
    .magic = {limine::kRequestMagic[0], limine::kRequestMagic[1]},
    .id = {.third = 1, .fourth = 2},
    .revision = 0,
    .response = kUntouched};

IN_REQUESTS volatile limine::Request all[limine::kFeatures] = {
    request(Feature::bootloader_info),
    request(Feature::executable_cmdline),
    request(Feature::firmware_type),
    kNone, // stack_size
    request(Feature::hhdm),
    request(Feature::framebuffer),
    kNone, // paging_mode
    kNone, // mp
    request(Feature::memory_map),
    kNone, // entry_point
    request(Feature::executable_file),
    kNone, // modules
    request(Feature::rsdp),
    request(Feature::smbios),
    request(Feature::efi_system_table),
    request(Feature::efi_memory_map),
    request(Feature::date_at_boot),
    request(Feature::executable_address),
    request(Feature::device_tree),
    request(Feature::bootloader_performance),
    kKeepsIommu ? request(Feature::keep_iommu) : kNone,
    request(Feature::riscv_hart_id),
    request(Feature::flanterm_parameters)};

IN_REQUESTS volatile limine::StackSizeRequest stack_size = {request(Feature::stack_size),
                                                            kStackBytes};
IN_REQUESTS volatile limine::PagingModeRequest paging_mode = {request(Feature::paging_mode, 1), 1,
                                                              1, 0};

IN_REQUESTS volatile limine::ProcessorsRequest processors = {
    request(Feature::mp), LIMINE_TEST_REVISION >= 5 ? limine::kX2apic : 0};

// Pointers, which a loader has to relocate: not as numbers, which the linker would refuse.
struct EntryPoint {
    limine::Request head;
    void (*entry)();
};
struct Modules {
    limine::Request head;
    uint64_t count;
    Module** modules;
};
extern "C" {
IN_REQUESTS constinit EntryPoint entry_point_request = {request(Feature::entry_point), other_start};
IN_REQUESTS constinit Modules modules_request = {request(Feature::modules, 1), 1, module_list};
}

uint64_t response_to(Feature feature) {
    uint64_t response = all[static_cast<std::size_t>(feature)].response;
    const auto of = [](const limine::Request& head) {
        return static_cast<const volatile limine::Request&>(head).response;
    };
    if (feature == Feature::stack_size)
        response = stack_size.head.response;
    if (feature == Feature::paging_mode)
        response = paging_mode.head.response;
    if (feature == Feature::mp)
        response = processors.head.response;
    if (feature == Feature::entry_point)
        response = of(entry_point_request.head);
    if (feature == Feature::modules)
        response = of(modules_request.head);
    return response == kUntouched ? 0 : response;
}

} // namespace requests

// SPDX-License-Identifier: BSD-2-Clause
//
// Boots an ELF file as stage 1 does, from its header to the page tables and the records.
//
// The input is the file, and behind it the machine and what its owner asks for (machine.hpp). Each
// step must do what it promises or refuse the file with a named error; what the page tables
// translate is compared with what image_oracle.hpp finds in the file and the memory map.
#include "fuzz/image_boot.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton::fuzz;
    Input input(data, size);
    constexpr std::size_t kChoices = sizeof(MachineChoices);
    const Buffer file = input.take_bytes(size > kChoices ? size - kChoices : 0);
    const Machine machine(input.take<MachineChoices>());
    ImageBoot(file, machine).run();
    return 0;
}

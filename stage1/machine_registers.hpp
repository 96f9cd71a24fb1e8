// SPDX-License-Identifier: BSD-2-Clause
//
// The registers of this machine: devices' by an identity mapping, as UEFI promises one (UEFI 2.10
// section 2.3.4).
#pragma once

#include "cpu/instructions.hpp"
#include "devices/registers.hpp"
#include "stage1/identity_memory.hpp"

namespace baton {

class ThisMachine final : public MachineRegisters {
  public:
    uint32_t read(PhysAddr address) override { return *at(address); }
    void write(PhysAddr address, uint32_t value) override { *at(address) = value; }
    bool can_reach(PhysRange registers) override { return is_identity_mapped(registers, true); }
    void write_port(uint16_t port, uint8_t value) override { cpu::out8(port, value); }
    uint64_t read_msr(uint32_t number) override { return cpu::read_msr(number); }
    void write_msr(uint32_t number, uint64_t value) override { cpu::write_msr(number, value); }

  private:
    static volatile uint32_t* at(PhysAddr address) {
        return reinterpret_cast<volatile uint32_t*>(address.value);
    }
};

} // namespace baton

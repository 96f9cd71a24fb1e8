// SPDX-License-Identifier: BSD-2-Clause
//
// Registers of devices and of the processor: the machine's, or those of a test.
#pragma once

#include "core/address.hpp"

#include <cstdint>

namespace baton {

/// Registers of devices, 32 bits each.
class DeviceRegisters {
  public:
    virtual uint32_t read(PhysAddr address) = 0;
    virtual void write(PhysAddr address, uint32_t value) = 0;

  protected:
    ~DeviceRegisters() = default;
};

/// And I/O ports and model-specific registers.
class MachineRegisters : public DeviceRegisters {
  public:
    /// Whether these registers can be read and written to.
    virtual bool can_reach(PhysRange registers) = 0;
    virtual void write_port(uint16_t port, uint8_t value) = 0;
    virtual uint64_t read_msr(uint32_t number) = 0;
    virtual void write_msr(uint32_t number, uint64_t value) = 0;

  protected:
    ~MachineRegisters() = default;
};

} // namespace baton

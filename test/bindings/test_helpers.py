# SPDX-License-Identifier: BSD-2-Clause
"""The helpers of the Rust and the Zig file do what those of boot_info.h do."""
from conftest import BINDINGS, run

RUST = """
#[path = "BINDINGS/boot_info.rs"]
mod baton;
use baton::*;

/// An entry of a later loader: it has grown at its end.
#[repr(C)]
struct Grown(BatonMemoryRange, u64);

fn range(base: u64, r#type: BatonMemoryType) -> Grown {
    let mut grown: Grown = unsafe { std::mem::zeroed() };
    grown.0.base_physical = base;
    grown.0.r#type = r#type;
    grown
}

fn main() {
    let mut info: BatonBootInfo = unsafe { std::mem::zeroed() };
    assert!(unsafe { BatonBootInfo::from_loader(std::ptr::null()) }.is_none());
    assert!(unsafe { BatonBootInfo::from_loader(&info) }.is_none());
    info.magic = BATON_BOOT_INFO_MAGIC;
    info.version = BATON_BOOT_INFO_VERSION;
    info.size = size_of::<BatonBootInfo>() as u32 - 1;
    assert!(unsafe { BatonBootInfo::from_loader(&info) }.is_none());
    info.size += 9;
    info.version += 1;
    assert!(unsafe { BatonBootInfo::from_loader(&info) }.is_some());
    info.version = 0;
    assert!(unsafe { BatonBootInfo::from_loader(&info) }.is_none());

    assert_eq!(unsafe { info.memory_map() }.count(), 0);
    let ranges = [range(0, BATON_MEMORY_USABLE), range(0x1000, BatonMemoryType(77))];
    info.memory_map = ranges.as_ptr() as u64;
    info.memory_map_count = 2;
    info.memory_map_entry_bytes = size_of::<Grown>() as u32;
    let found: Vec<_> = unsafe { info.memory_map() }.map(|r| (r.base_physical, r.r#type)).collect();
    assert_eq!(found, [(0, BATON_MEMORY_USABLE), (0x1000, BatonMemoryType(77))]);
    assert_eq!(unsafe { info.memory_map() }.len(), 2);

    info.command_line = c"quiet".as_ptr() as u64;
    assert_eq!(unsafe { baton_text(info.command_line) }, c"quiet");

    info.direct_map_base = 0xffff_8000_0000_0000;
    info.direct_map_bytes = 0x2000;
    assert_eq!(info.physical_to_pointer(0x1fff) as u64, 0xffff_8000_0000_1fff);
    assert!(info.physical_to_pointer(0x2000).is_null());

    #[repr(C)]
    struct GrownWrite(BatonRegisterWrite, u64);
    let mut registers = [0u32; 2];
    let place = &raw mut registers;
    let write = |index: usize, value| {
        let address = place as u64 + 4 * index as u64;
        GrownWrite(BatonRegisterWrite { address, value, reserved: 0 }, 0)
    };
    let writes = [write(0, 7), write(1, 8), write(1, 9)];
    info.watchdog_disarm = writes.as_ptr() as u64;
    info.watchdog_disarm_count = 3;
    info.watchdog_disarm_entry_bytes = size_of::<GrownWrite>() as u32;
    unsafe { baton_acknowledge(&raw const info) };
    let value = |index: usize| unsafe { (place as *const u32).add(index).read_volatile() };
    assert_eq!([value(0), value(1)], [7, 9]);
    assert_eq!((info.acknowledged, info.watchdog_disarm_count), (BATON_ACKNOWLEDGED, 0));

    unsafe extern "sysv64" fn work(_processor: *const BatonProcessor) -> ! {
        loop {}
    }
    let mut processor: BatonProcessor = unsafe { std::mem::zeroed() };
    let start = |processor: &BatonProcessor| unsafe {
        baton_start_processor(processor, work, 7)
    };
    processor.state = BATON_PROCESSOR_NO_ANSWER;
    assert!(!start(&processor));
    processor.state = BATON_PROCESSOR_ONLINE;
    processor.flags = BATON_PROCESSOR_BOOT;
    assert!(!start(&processor));
    processor.flags = 0;
    assert!(start(&processor));
    let place = &raw const processor;
    let (go, argument) = unsafe { ((*place).go, (*place).argument) };
    assert_eq!((go, argument), (work as usize as u64, 7));
    assert!(!start(&processor));
}
"""

ZIG = """
const std = @import("std");
const expect = std.testing.expect;
const baton = @import("boot_info.zig");

/// An entry of a later loader: it has grown at its end.
const Grown = extern struct { range: baton.BatonMemoryRange, more: u64 = 0 };

fn range(base: u64, kind: baton.BatonMemoryType) Grown {
    var grown: Grown = .{ .range = std.mem.zeroes(baton.BatonMemoryRange) };
    grown.range.base_physical = base;
    grown.range.type = kind;
    return grown;
}

test "helpers" {
    var info = std.mem.zeroes(baton.BatonBootInfo);
    try expect(!baton.isValid(null));
    try expect(!baton.isValid(&info));
    info.magic = baton.BATON_BOOT_INFO_MAGIC;
    info.version = baton.BATON_BOOT_INFO_VERSION;
    info.size = @sizeOf(baton.BatonBootInfo) - 1;
    try expect(!baton.isValid(&info));
    info.size += 9;
    info.version += 1;
    try expect(baton.isValid(&info));
    info.version = 0;
    try expect(!baton.isValid(&info));

    var none = info.iterateMemoryMap();
    try expect(none.next() == null);
    const ranges = [_]Grown{ range(0, .BATON_MEMORY_USABLE), range(0x1000, @enumFromInt(77)) };
    info.memory_map = @intFromPtr(&ranges);
    info.memory_map_count = 2;
    info.memory_map_entry_bytes = @sizeOf(Grown);
    var two = info.iterateMemoryMap();
    try expect(two.next().?.type == .BATON_MEMORY_USABLE);
    const second = two.next().?;
    try expect(second.base_physical == 0x1000 and @intFromEnum(second.type) == 77);
    try expect(two.next() == null);

    var framebuffer = std.mem.zeroes(baton.BatonFramebuffer);
    var modes = framebuffer.iterateModes();
    try expect(modes.next() == null);

    const words: [*:0]const u8 = "quiet";
    info.command_line = @intFromPtr(words);
    try expect(std.mem.eql(u8, std.mem.span(baton.text(info.command_line)), "quiet"));

    info.direct_map_base = 0xffff_8000_0000_0000;
    info.direct_map_bytes = 0x2000;
    try expect(@intFromPtr(baton.physicalToPointer(&info, 0x1fff)) == 0xffff_8000_0000_1fff);
    try expect(baton.physicalToPointer(&info, 0x2000) == null);

    const GrownWrite = extern struct { write: baton.BatonRegisterWrite, more: u64 = 0 };
    var registers = [_]u32{ 0, 0 };
    const writes = [_]GrownWrite{
        .{ .write = .{ .address = @intFromPtr(&registers[0]), .value = 7, .reserved = 0 } },
        .{ .write = .{ .address = @intFromPtr(&registers[1]), .value = 9, .reserved = 0 } },
    };
    info.watchdog_disarm = @intFromPtr(&writes);
    info.watchdog_disarm_count = 2;
    info.watchdog_disarm_entry_bytes = @sizeOf(GrownWrite);
    baton.acknowledge(&info);
    try expect(registers[0] == 7 and registers[1] == 9);
    try expect(info.acknowledged == baton.BATON_ACKNOWLEDGED and info.watchdog_disarm_count == 0);

    const Work = struct {
        fn run(_: *const baton.BatonProcessor) callconv(.{ .x86_64_sysv = .{} }) noreturn {
            while (true) {}
        }
    };
    var processor = std.mem.zeroes(baton.BatonProcessor);
    processor.state = .BATON_PROCESSOR_NO_ANSWER;
    try expect(!baton.startProcessor(&processor, Work.run, 7));
    processor.state = .BATON_PROCESSOR_ONLINE;
    processor.flags = baton.BATON_PROCESSOR_BOOT;
    try expect(!baton.startProcessor(&processor, Work.run, 7));
    processor.flags = 0;
    try expect(baton.startProcessor(&processor, Work.run, 7));
    try expect(processor.go == @intFromPtr(&Work.run) and processor.argument == 7);
    try expect(!baton.startProcessor(&processor, Work.run, 7));

    std.testing.refAllDecls(baton.BatonBootInfo);
}
"""


def test_rust_helpers(rustc, tmp_path):
    (tmp_path / "main.rs").write_text(RUST.replace("BINDINGS", str(BINDINGS)))
    run(rustc, "--edition=2021", "main.rs", "-o", "main", cwd=tmp_path)
    run(tmp_path / "main")


def test_zig_helpers(zig, tmp_path):
    (tmp_path / "boot_info.zig").write_bytes((BINDINGS / "boot_info.zig").read_bytes())
    (tmp_path / "helpers.zig").write_text(ZIG)
    zig("test", "helpers.zig", cwd=tmp_path)

//! The kernel: _start() is its first function.
const std = @import("std");
const baton = @import("baton");

// What the kernel requests from the loader: a stack of 128 KiB.
comptime {
    baton.request(.BATON_REQUEST_STACK, 0, 128 * 1024, 0);
}

fn out8(port: u16, value: u8) void {
    asm volatile ("outb %[value], %[port]"
        :
        : [value] "{al}" (value),
          [port] "N{dx}" (port),
    );
}

fn in8(port: u16) u8 {
    return asm volatile ("inb %[port], %[value]"
        : [value] "={al}" (-> u8),
        : [port] "N{dx}" (port),
    );
}

/// On the first serial port, which the loader has set up.
fn print(text: []const u8) void {
    for (text) |byte| {
        for (0..10000) |_| {
            if (in8(0x3fd) & 0x20 != 0) break; // it can send
        }
        out8(0x3f8, byte);
    }
}

pub const panic = std.debug.FullPanic(onPanic);

/// The trap is an exception, which the loader reports.
fn onPanic(why: []const u8, _: ?usize) noreturn {
    print("panic: ");
    print(why);
    print("\r\n");
    @trap();
}

fn draw(screen: *const baton.BatonFramebuffer) void {
    if (screen.bits_per_pixel != 32) return;
    for (0..screen.height_pixels) |y| {
        const row: [*]volatile u32 = @ptrFromInt(screen.address + y * screen.pitch_bytes);
        for (0..screen.width_pixels) |x| {
            row[x] = @as(u32, @truncate(x ^ y)) % 256 << @intCast(screen.blue_shift);
        }
    }
}

export fn _start(info: *const baton.BatonBootInfo) callconv(.{ .x86_64_sysv = .{} }) noreturn {
    if (!baton.isValid(info)) @panic("the loader is older than the kernel");
    baton.acknowledge(info); // the kernel has come this far
    print("Hello from @NAME@\r\n");

    var screens = info.iterateFramebuffers();
    if (screens.next()) |screen| {
        draw(screen);
    } else {
        out8(0xf4, 0x10); // there is nothing to look at: ends QEMU, with success
    }
    while (true) asm volatile ("hlt");
}

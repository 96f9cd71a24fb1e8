//! The kernel: _start() is its first function.
#![no_std]
#![no_main]

#[allow(dead_code)]
mod baton {
    include!(concat!(env!("BATON_INCLUDE"), "/baton/boot_info.rs"));
}
mod runtime;

use baton::{BatonBootInfo, BatonFramebuffer};
use core::arch::asm;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

// What the kernel requests from the loader: a stack of 128 KiB.
baton::baton_request!(baton::BATON_REQUEST_STACK, 0, 128 * 1024, 0);

fn out8(port: u16, value: u8) {
    unsafe { asm!("out dx, al", in("dx") port, in("al") value) };
}

fn in8(port: u16) -> u8 {
    let value: u8;
    unsafe { asm!("in al, dx", in("dx") port, out("al") value) };
    value
}

/// The first one, which the loader has set up.
struct SerialPort;

impl Write for SerialPort {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            (0..10000).find(|_| in8(0x3fd) & 0x20 != 0); // until it can send
            out8(0x3f8, byte);
        }
        Ok(())
    }
}

/// The instruction is an exception, which the loader reports.
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let _ = write!(SerialPort, "{info}\r\n");
    unsafe { asm!("ud2", options(noreturn)) }
}

fn draw(screen: &BatonFramebuffer) {
    if screen.bits_per_pixel != 32 {
        return;
    }
    for y in 0..screen.height_pixels {
        let row = screen.address + u64::from(y) * u64::from(screen.pitch_bytes);
        for x in 0..screen.width_pixels {
            let pixel = (row + 4 * u64::from(x)) as *mut u32;
            unsafe { pixel.write_volatile(((x ^ y) & 0xff) << screen.blue_shift) };
        }
    }
}

#[unsafe(no_mangle)]
extern "sysv64" fn _start(record: *const BatonBootInfo) -> ! {
    if unsafe { BatonBootInfo::from_loader(record) }.is_none() {
        panic!("the loader is older than the kernel");
    }
    unsafe { baton::baton_acknowledge(record) }; // the kernel has come this far
    let info = unsafe { &*record };
    let _ = write!(SerialPort, "Hello from @NAME@\r\n");

    match unsafe { info.framebuffers() }.next() {
        Some(screen) => draw(screen),
        None => out8(0xf4, 0x10), // there is nothing to look at: ends QEMU, with success
    }
    loop {
        unsafe { asm!("hlt") };
    }
}

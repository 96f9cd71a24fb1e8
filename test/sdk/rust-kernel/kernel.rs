// SPDX-License-Identifier: BSD-2-Clause
//
// A kernel in Rust, with the module that is installed beside the headers.
#![no_std]

use core::arch::asm;
use core::fmt::{self, Write};

#[allow(dead_code)]
mod baton {
    include!(concat!(env!("BATON_INCLUDE"), "/baton/boot_info.rs"));
}

struct SerialPort;

impl Write for SerialPort {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            unsafe { asm!("out dx, al", in("dx") 0x3f8u16, in("al") byte) };
        }
        Ok(())
    }
}

fn end(value: u32) -> ! {
    unsafe { asm!("out 0xf4, eax", in("eax") value) };
    loop {
        unsafe { asm!("hlt") };
    }
}

fn greet(info: &baton::BatonBootInfo) -> fmt::Result {
    let text = unsafe { baton::baton_text(info.command_line) };
    writeln!(SerialPort, "my kernel: command line {}\r", text.to_str().unwrap_or("?"))
}

#[unsafe(no_mangle)]
pub extern "sysv64" fn _start(info: *const baton::BatonBootInfo) -> ! {
    match unsafe { baton::BatonBootInfo::from_loader(info) } {
        Some(info) if greet(info).is_ok() => end(0x10),
        _ => end(0x11),
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    end(0x11)
}

/// core is built for unwinding; nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// For CStr: where there is a C library, core takes it from there.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}

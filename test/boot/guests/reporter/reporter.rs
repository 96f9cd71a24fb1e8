// SPDX-License-Identifier: BSD-2-Clause
//
// What reporter.c is in C, or a little of it, in Rust: built with the module that is generated from
// boot_info.h, which the test puts beside this file.
#![no_std]

use core::arch::asm;
use core::fmt::{self, Write};

#[path = "boot_info.rs"]
mod baton;

baton::baton_request!(baton::BATON_REQUEST_STACK, baton::BATON_REQUEST_REQUIRED, 256 * 1024, 0);

struct DebugConsole;

impl Write for DebugConsole {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            unsafe { asm!("out 0xe9, al", in("al") byte) };
        }
        Ok(())
    }
}

fn text(address: u64) -> &'static str {
    unsafe { baton::baton_text(address) }.to_str().unwrap_or("?")
}

fn end(value: u32) -> ! {
    unsafe { asm!("out 0xf4, eax", in("eax") value) };
    loop {
        unsafe { asm!("hlt") };
    }
}

fn report(info: &baton::BatonBootInfo) -> fmt::Result {
    let mut console = DebugConsole;
    writeln!(console, "\nreport: command line {:?}", text(info.command_line))?;
    for module in unsafe { info.modules() } {
        writeln!(console, "report: module {:?} {:?}", text(module.path), text(module.string))?;
    }
    let usable = unsafe { info.memory_map() }
        .into_iter()
        .filter(|range| range.r#type == baton::BATON_MEMORY_USABLE)
        .map(|range| range.bytes)
        .sum::<u64>();
    writeln!(console, "report: {} MiB usable", usable >> 20)?;
    writeln!(console, "report: stack of {} KiB", info.stack_bytes >> 10)
}

#[unsafe(no_mangle)]
pub extern "sysv64" fn _start(info: *const baton::BatonBootInfo) -> ! {
    match unsafe { baton::BatonBootInfo::from_loader(info) } {
        Some(info) if report(info).is_ok() => end(0x10),
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

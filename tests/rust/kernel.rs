// SPDX-License-Identifier: MIT
//! A kernel in Rust that knows Stile by its crate alone: makes calls that succeed and calls that fail,
//! looks at what they return and at the shared pages, and tells as KTAP what it found. It powers off
//! with the number of cases that passed as its status: so that it has one.

#![no_std]

mod cases;
mod clock;
mod console;
mod mem;

use console::say;
use core::arch::{asm, global_asm};

global_asm!(include_str!("start.S"));

/// PSCI's, which Stile answers as every firmware does.
const SYSTEM_OFF: u32 = 0x84000008;

/// Where start.S leads.
#[no_mangle]
extern "C" fn kernel() -> ! {
    let mut nr_passed = 0;

    // Before that, nothing can be said.
    let start = cases::agree();
    say!(
        "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: rust\n    1..{}",
        cases::ALL.len()
    );
    for (number, (name, case)) in cases::ALL.iter().enumerate() {
        let verdict = if case(&start) { "ok" } else { "not ok" };
        nr_passed += u32::from(verdict == "ok");
        say!("    {} {} {}", verdict, number + 1, name);
    }
    say!("{} 1 rust", if nr_passed as usize == cases::ALL.len() { "ok" } else { "not ok" });
    power_off(nr_passed)
}

/// Powers off; by PSCI if the call is not answered.
fn power_off(status: u32) -> ! {
    let _ = stile::power_off(status);
    // Nobody is left to see what it does to memory.
    unsafe { stile::hvc(SYSTEM_OFF, [0; 6]) };
    loop {
        unsafe { asm!("wfi") };
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    say!("    # {}", info);
    power_off(0)
}

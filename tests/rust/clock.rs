// SPDX-License-Identifier: MIT
//! The VM page's clock, read as its comment asks: so that somebody has done it in Rust.

use core::arch::asm;
use core::sync::atomic::fence;
use core::sync::atomic::Ordering::{Acquire, Relaxed};
use stile::Clock;

/// CNTVCT_EL0, between two instruction barriers: read where it stands.
pub fn counter() -> u64 {
    let ticks;

    unsafe { asm!("isb", "mrs {}, cntvct_el0", "isb", out(reg) ticks, options(nostack)) };
    ticks
}

/// Nanoseconds since the VM's start, if the hypervisor says.
pub fn now(clock: &Clock) -> Option<u64> {
    loop {
        let generation = clock.generation.load(Relaxed);
        if generation % 2 != 0 {
            continue;
        }
        // As an acquiring load, which Rust does not promise for a page that cannot be written.
        fence(Acquire);
        let (multiplier, shift) = (clock.multiplier.load(Relaxed), clock.shift.load(Relaxed));
        let (base_ticks, base_ns) = (clock.base_ticks.load(Relaxed), clock.base_ns.load(Relaxed));
        let ticks = counter();
        fence(Acquire);
        if generation == clock.generation.load(Relaxed) {
            let ns = u128::from(ticks.wrapping_sub(base_ticks)) * u128::from(multiplier) >> shift;
            return if multiplier == 0 { None } else { Some(base_ns.wrapping_add(ns as u64)) };
        }
    }
}

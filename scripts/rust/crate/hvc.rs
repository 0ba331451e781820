// SPDX-License-Identifier: MIT
//! The one instruction, and the way to it from a typed call.

use crate::{Error, FID_BASE};
use core::arch::asm;

/// Calls the hypervisor, or what else answers `hvc` (SMCCC 1.2: DEN 0028, section 3): `fid` in w0,
/// `x` in x1 to x6, of which unused ones must be 0. Returns x0 to x3; every other register is kept.
///
/// # Safety
///
/// Something must answer `hvc`, and what it does to memory must be nothing that a reference, or code
/// that runs, relies on.
#[inline]
pub unsafe fn hvc(fid: u32, x: [u64; 6]) -> [u64; 4] {
    let (x0, x1, x2, x3);

    // Who answers may read and write memory that the caller described: so this is not `nomem`.
    unsafe {
        asm!(
            "hvc #0",
            inout("x0") u64::from(fid) => x0,
            inout("x1") x[0] => x1,
            inout("x2") x[1] => x2,
            inout("x3") x[2] => x3,
            in("x4") x[3],
            in("x5") x[4],
            in("x6") x[5],
            options(nostack, preserves_flags),
        );
    }
    [x0, x1, x2, x3]
}

/// A call of the table, by number.
///
/// # Safety
///
/// As [`hvc()`].
#[inline]
pub(crate) unsafe fn call(nr: u32, x: [u64; 6]) -> Result<[u64; 3], Error> {
    let [x0, x1, x2, x3] = unsafe { hvc(FID_BASE + nr, x) };

    match x0 as i64 {
        0 => Ok([x1, x2, x3]),
        status => Err(Error::from_status(status, x1)),
    }
}

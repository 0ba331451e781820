// SPDX-License-Identifier: MIT
//! What compiled Rust calls for copies, and core has from a C library elsewhere. The accesses are
//! volatile so that the compiler does not find that a loop of them is what it has a function for.

#[no_mangle]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    for i in 0..count {
        to.add(i).write_volatile(from.add(i).read_volatile());
    }
    to
}

#[no_mangle]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize) <= from as usize {
        return memcpy(to, from, count);
    }
    for i in (0..count).rev() {
        to.add(i).write_volatile(from.add(i).read_volatile());
    }
    to
}

#[no_mangle]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    for i in 0..count {
        to.add(i).write_volatile(value as u8);
    }
    to
}

#[no_mangle]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for i in 0..count {
        let (l, r) = (left.add(i).read_volatile(), right.add(i).read_volatile());
        if l != r {
            return i32::from(l) - i32::from(r);
        }
    }
    0
}

#[no_mangle]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    memcmp(left, right, count)
}

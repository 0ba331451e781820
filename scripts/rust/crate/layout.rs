// SPDX-License-Identifier: MIT
//! That a structure is laid out as the ABI says: found out when it is compiled.

/// `layout! { Type, size, field: offset + size, ... }`
///
/// `offset_of!` is there from Rust 1.77 on, and a difference of pointers in constants from 1.65 on. So
/// each field in turn gets bytes that the rest has not, and then it is looked where they are. A size
/// that is another one is refused by `transmute` itself.
macro_rules! layout {
    ($type:ident, $size:literal, $($field:ident: $offset:literal + $bytes:literal,)+) => {
        #[allow(unknown_lints, unnecessary_transmutes)]
        const _: () = {
            $({
                // All of these structures are numbers, for which any bytes will do.
                let mut value: $type = unsafe { core::mem::transmute([0u8; $size]) };
                value.$field = unsafe { core::mem::transmute([0xFFu8; $bytes]) };
                let bytes: [u8; $size] = unsafe { core::mem::transmute(value) };
                assert!(
                    $crate::layout::is_filled(&bytes, $offset, $bytes),
                    concat!(
                        stringify!($type), ".", stringify!($field),
                        " is not where the ABI has it"
                    )
                );
            })+
        };
    };
}

pub(crate) use layout;

/// Whether the bytes that are not 0 begin at `start` and are `count`.
///
/// Used by constants without a name alone, which Rust 1.63 does not take for a use.
#[allow(dead_code)]
pub(crate) const fn is_filled(bytes: &[u8], start: usize, count: usize) -> bool {
    let end = start + count;

    bytes[start] != 0
        && bytes[end - 1] != 0
        && (start == 0 || bytes[start - 1] == 0)
        && (end == bytes.len() || bytes[end] == 0)
}

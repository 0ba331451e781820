// SPDX-License-Identifier: MIT
//! The console as something that text is formatted into.

use core::fmt;
use stile::{Ipa, NrBytes};

pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut left = text.as_bytes();

        while !left.is_empty() {
            let length = left.len().min(stile::CONSOLE_BUFFER_MAX as usize);
            // Addresses are mapped to themselves, and the text is only read.
            let taken = unsafe {
                stile::console_write_buffer(Ipa(left.as_ptr() as u64), NrBytes(length as u64))
            };
            match taken {
                Ok(NrBytes(taken)) => left = &left[taken as usize..],
                Err(_) => return Err(fmt::Error),
            }
            if !left.is_empty() {
                let _ = stile::vcpu_yield();
            }
        }
        Ok(())
    }
}

/// Prints a line; if the console does not take it, nobody can be told.
macro_rules! say {
    ($($arguments:tt)*) => {{
        let _ = core::fmt::Write::write_fmt(
            &mut $crate::console::Console,
            format_args!("{}\n", format_args!($($arguments)*)),
        );
    }};
}
pub(crate) use say;

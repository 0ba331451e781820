// SPDX-License-Identifier: MIT
//! The calls of the Stile hypervisor, for guest kernels: a function for each, and the types that they
//! take and return. Made from the C headers, whose names these are, but for prefixes: `STILE_X` is `X`,
//! `stile_memory_map()` is [`memory_map`], `struct stile_vm_page` is [`VmPage`].
//!
//! ```text
//! let agreed = stile::core_version(stile::VERSION_CURRENT)?;
//! let nr_vcpus = stile::core_info(stile::Info::NR_VCPUS.0)?;
//! ```
//!
//! There is nothing to set up, no memory is used but the stack, and no floating point. A kernel that
//! does not know whether it is a VM of Stile's finds that out first: [`hvc()`] of [`FID_UID`] answers
//! [`UID_WORD0`] to [`UID_WORD3`]. Calls that are given memory are `unsafe`: the hypervisor takes it
//! away, writes it or runs it as it is told, and Rust does not see that.
//!
//! The texts are those of the C headers. What they say is in x1 to x3, a call returns: one result as it
//! is, several as a structure that has them in this order.
//!
//! # Memory that two sides see
//!
//! [`VmPage`], [`Mailbox`] and the others are made of atomics. A `&` of plain memory that somebody else
//! writes is undefined behaviour, whatever is done with it, and a volatile load orders nothing. Where a
//! comment asks for acquire or release, the atomic is given that; `Relaxed` is a load or a store as any
//! other. A page that is read-only is loaded from as `Relaxed`, with a
//! [`fence`](core::sync::atomic::fence) behind it for acquire: Rust promises no more for memory that
//! cannot be written. Reserved fields are private: who makes such a structure writes zeroes first.
//!
//! What a call writes into memory that it is given ([`VmInfo`], [`CrashInfo`]) is the caller's alone
//! when the call is over, and has plain numbers. Layouts are checked when the crate is compiled.
//!
//! # What holds for every call
//!
#![doc = include_str!("rules.md")]
#![no_std]
#![warn(unsafe_op_in_unsafe_fn)]

#[cfg(not(target_arch = "aarch64"))]
compile_error!("calls are made by an instruction of arm64's");

mod calls;
mod constants;
mod enums;
mod error;
mod hvc;
mod kinds;
mod layout;
pub mod nr;
mod shared;

pub use calls::*;
pub use constants::*;
pub use enums::*;
pub use error::Error;
pub use hvc::hvc;
pub use kinds::*;
pub use shared::*;

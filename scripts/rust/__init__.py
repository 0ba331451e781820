# SPDX-License-Identifier: MIT
"""The Rust crate, made from what scripts/reference reads of the headers. scripts/abi-rust is its command."""

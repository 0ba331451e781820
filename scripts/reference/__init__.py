# SPDX-License-Identifier: MIT
"""The reference, made from the headers: a site and man pages. scripts/abi-reference is its command."""

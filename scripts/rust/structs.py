# SPDX-License-Identifier: MIT
"""The structures of memory that two sides see, and of what calls write."""
import re
import sys

from reference.model import upper_first

from .names import camel, ident

DECLARED = re.compile(r"(?:struct )?(\w+) \w+(?:\[\w+\])?")
# Types of C, and their bytes.
PLAIN = {"char": ("u8", 1), "uint8_t": ("u8", 1), "uint16_t": ("u16", 2), "uint32_t": ("u32", 4),
         "uint64_t": ("u64", 8), "int64_t": ("i64", 8)}

HEAD = """//! The pages that the hypervisor shares with a VM, what VMs share with each other, and what calls
//! write. Why most of it is atomics, and how they are used, is said in lib.rs."""


def rust_type(crate, member, is_shared):
    """A member's."""
    found = DECLARED.fullmatch(member.declaration)
    if not found:
        sys.exit(f"error: what is {member.declaration} in Rust?")
    name, size = PLAIN.get(found[1], ("", 0))
    if not name:
        size = next(other.size for other in crate.structs if other.name == found[1])
        name = camel(found[1])
    elif is_shared:
        name = f"Atomic{name.title()}"
    return name if "[" not in member.declaration else f"[{name}; {member.size // size}]"


def is_shared(crate, aggregate):
    """Whether others may write it at any time. What a call writes is named as the call is; messages
    are copied out of their ring."""
    name = aggregate.name.removeprefix("stile_")
    return not name.startswith("virtio_msg") and name not in {call.name for call in crate.api.calls}


def field(member):
    """A member's name; those of nobody cannot be reached."""
    return f"_{member.name}" if member.name.startswith("reserved") else ident(member.name)


def layout(aggregate):
    """The check of a structure's layout."""
    lines = ["layout! {", f"    {camel(aggregate.name)}, {aggregate.size},"]
    lines += [f"    {field(member)}: {member.offset} + {member.size}," for member in aggregate.members]
    return lines + ["}", ""]


def struct(crate, aggregate):
    """One structure."""
    shared = is_shared(crate, aggregate)
    lines = crate.texts.doc(aggregate.text)
    lines += ["#[repr(C)]"] if shared else ["#[derive(Clone, Copy, Debug)]", "#[repr(C)]"]
    lines.append(f"pub struct {camel(aggregate.name)} {{")
    for member in aggregate.members:
        name = field(member)
        lines += crate.texts.doc([upper_first(member.text)] if member.text else [], "    ")
        lines.append(f"    {'' if name.startswith('_') else 'pub '}{name}: {rust_type(crate, member, shared)},")
    return lines + ["}", ""] + layout(aggregate)


def structs(crate):
    """shared.rs."""
    body = [line for aggregate in crate.structs for line in struct(crate, aggregate)]
    used = sorted(set(re.findall(r"\bAtomic\w+", "\n".join(body))))
    return [*HEAD.splitlines(), "", "use crate::layout::layout;",
            f"use core::sync::atomic::{{{', '.join(used)}}};", ""] + body

# SPDX-License-Identifier: MIT
"""Offsets, sizes and values, as the compiler has them: it is asked, nothing is counted here."""
import re
import subprocess

VALUE = re.compile(r"->(\S+) (-?\d+) (\d+)")


def questions(api):
    """(key, C expression) of all that is to be known."""
    for aggregate in api.aggregates:
        if aggregate.word == "enum":
            yield from ((f"{member.name}", member.name) for member in aggregate.members)
            continue
        name = f"struct {aggregate.name}"
        yield f"{aggregate.name}", f"sizeof({name})"
        for member in aggregate.members:
            yield f"{aggregate.name}.{member.name}", f"offsetof({name}, {member.name})"
            yield f"{aggregate.name}.{member.name}.size", f"sizeof((({name} *)0)->{member.name})"
    for constants in api.constants:
        yield from ((member.name, member.name) for member in constants.members if is_number(member))


def is_number(member):
    """Whether a #define stands for a number that the compiler can tell."""
    return "(" not in member.name and member.declaration and not re.match(r'["{]', member.declaration)


def program(api, headers):
    """C whose assembly has a line for each question."""
    lines = ["#include <stddef.h>"] + [f"#include <{header}>" for header in headers]
    lines += ["void answers(void)", "{"]
    for key, value in questions(api):
        lines.append(f'__asm__ volatile("\\n.ascii \\"->{key} %c0 %c1\\"" : : "i"((long)({value})), '
                     f'"i"(({value}) > 0));')
    return "\n".join(lines + ["}", ""])


def ask(api, headers, compiler):
    """Fills in offsets, sizes and values."""
    done = subprocess.run([*compiler, "-w", "-x", "c", "-S", "-o", "-", "-"], input=program(api, headers),
                          capture_output=True, text=True, check=True)
    values = {key: int(value) % (1 << 64) if positive == "1" else int(value)
              for key, value, positive in VALUE.findall(done.stdout)}
    for aggregate in api.aggregates:
        aggregate.size = values.get(aggregate.name, 0)
        for member in aggregate.members:
            key = f"{aggregate.name}.{member.name}" if aggregate.word == "struct" else member.name
            member.offset = values[key]
            member.size = values.get(f"{key}.size", 0)
    for constants in api.constants:
        for member in constants.members:
            if is_number(member):
                member.offset, member.size = values[member.name], 1

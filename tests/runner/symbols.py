# SPDX-License-Identifier: MIT
"""Names for the addresses of a backtrace."""
import re
import subprocess

FRAME = re.compile(r"^(.*?#\d+ +(0x[0-9a-fA-F]+))\s*$", re.MULTILINE)


def symbolise(text, elf):
    """Append function, file and line to the lines "  #N 0xADDRESS" of a text."""
    addresses = [match.group(2) for match in FRAME.finditer(text)]
    if not addresses or not elf.exists():
        return text
    done = subprocess.run(["aarch64-linux-gnu-addr2line", "-f", "-s", "-e", str(elf), *addresses],
                          capture_output=True, text=True, check=False)
    words = done.stdout.splitlines()
    places = iter(zip(words[::2], words[1::2]))

    def name(match):
        function, place = next(places, ("??", "??"))
        return f"{match.group(1)}  {function} at {place}"

    return FRAME.sub(name, text)


def text_bytes(elf):
    """How much of a program is code: the size of its section .text."""
    done = subprocess.run(["aarch64-linux-gnu-size", "-A", str(elf)], capture_output=True,
                          text=True, check=True)
    return next(int(line.split()[1]) for line in done.stdout.splitlines()
                if line.startswith(".text "))

# SPDX-License-Identifier: MIT
# What gdb is to do with tests/linux/tools/debuggee; tests/cases.toml has what it must say.
set width 0
set style enabled off

# Software breakpoint, backtrace, a function that is finished and one that is called.
break leaf
run
backtrace
finish
delete
print middle(20)

# Hardware breakpoint, hit again and again: on the function's first instruction, before it has a frame.
tbreak count
continue
hbreak *middle
continue
printf "hardware: pc - middle %d, x0 %d\n", (long)$pc - (long)&middle, $x0
ignore $bpnum 50
continue
printf "hardware: x0 %d\n", $x0
delete

# A watchpoint, while the program moves between the CPUs.
watch counter
continue
continue
continue
delete

# Registers, and steps over instructions of which some may trap to a hypervisor.
break *known_registers
continue
printf "registers: x9 %d, x19 %lx, d16 %g, v31 %d %d, nzcv %d\n", $x9, $x19, $d16, $v31.b.u[0], $v31.b.u[15], ($cpsr >> 28) & 15
set $first = (long)$pc
stepi
stepi
printf "steps: 2, %d bytes\n", (long)$pc - $first
stepi
stepi
stepi
printf "steps: 5, %d bytes, x0 %lx\n", (long)$pc - $first, $x0
set $x19 = $x19 + 42
delete
jump *known_registers

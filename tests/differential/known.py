# SPDX-License-Identifier: MIT
"""What a VM may do otherwise than the machine it runs on, and why. Nothing else may differ.

Each line is an instruction, by mask and value, and the reason. A program that has one may differ;
so that little is lost by it, programs.py makes few of them.
"""

ANY = None

# instruction set, mask, value, CPU (ANY: all), reason
INSTRUCTIONS = [
    ("a64", 0xFFE0001F, 0xD4000002, ANY,
     "HVC: QEMU's firmware answers any immediate; Stile's calls are #0, others undefined"),
    ("a32", 0x0FF00FFF, 0x0E100E10, ANY, "DBGDIDR: QEMU's always has the bits of EL3"),
    ("a64", 0xFFFEF000, 0xD5380000, ANY,
     "identification registers: a VM is shown less, and caches of one set and way"),
    ("a64", 0xFFFFFFC0, 0xD5382000, ANY, "TTBRn_EL1: where the tables are is the kernel's choice"),
    ("a64", 0xFFDFFFE0, 0xD518C020, ANY,
     "RVBAR_EL1: only where EL1 is the highest level; with EL2 undefined, and that cannot be trapped"),
    ("a64", 0xFFDFFFE0, 0xD518C040, ANY, "RMR_EL1: the same"),
    ("a64", 0xFFDFFF00, 0xD51BE000, ANY, "CNTPCT_EL0, CNTVCT_EL0: time goes on"),
    ("a64", 0xFFFFFF00, 0xD53BE300, ANY, "CNTV_*_EL0: the end of the program, a time"),
    ("a64", 0xFFDFFFE0, 0xD51BE200, ANY, "CNTP_TVAL_EL0: time goes on"),
    ("a64", 0xFFFFFFE0, 0xD5382040, ANY, "TCR_EL1: IPS is as wide as the addresses that a VM is shown"),
    ("a64", 0xFFFFFFE0, 0xD5387400, ANY, "PAR_EL1: where the memory is, is the loader's choice"),
    ("a64", 0xFFDFFFE0, 0xD5184600, ANY, "ICC_PMR_EL1: QEMU's has more than the 8 bits there are"),
    ("a64", 0xFFDFFFE0, 0xD5100200, ANY,
     "MDCCINT_EL1: QEMU's reads nothing, into the register what was there"),
    ("a32", 0x0FF00FEF, 0x0C500F0E, ANY, "CNTPCT, CNTVCT: time goes on"),
    ("a32", 0x0FE00FFF, 0x0C400F3E, ANY, "CNTV_CVAL: the end of the program, a time"),
    ("a32", 0x0F0F0F1F, 0x0E0E0F13, ANY, "CNTV_TVAL, CNTV_CTL: the same"),
    ("a32", 0x0F0F0FFF, 0x0E0E0F12, ANY, "CNTP_TVAL: time goes on"),
    ("a64", 0xFFD8F000, 0xD5189000, ANY, "performance monitors: this VM has none"),
    ("a64", 0xFFDFF800, 0xD51BE800, ANY, "performance monitors: this VM has none"),
    ("a32", 0x0F0F0F10, 0x0E090F10, ANY, "performance monitors: this VM has none"),
    ("a32", 0x0F0F0F18, 0x0E0E0F18, ANY, "performance monitors: this VM has none"),
    ("a32", 0x0FE00F0F, 0x0C400F09, ANY, "performance monitors: this VM has none"),
]


HVC_0 = 0xD4000002

# By the number that is called, in x0.
CALLS = {
    0x80000000: "SMCCC_VERSION: QEMU's firmware is of SMCCC 1.0, which has none",
    0x80000001: "SMCCC_ARCH_FEATURES: the same",
    0x84000004: "AFFINITY_INFO: PSCI 1.0 lets levels above 0 be refused; QEMU's answers as for 0",
    0xC4000004: "AFFINITY_INFO: the same",
    0x8400000A: "PSCI_FEATURES: of SMCCC_VERSION, too",
}
SGI1R_MASK, SGI1R = 0xFFFFFFE0, 0xD518CBA0


def why(program, cpu):
    """The reason why a program may differ, or None."""
    if sum(word & SGI1R_MASK == SGI1R for word in program.code) > 1:
        return "ICC_SGI1R_EL1: which of two interrupts of one priority comes first is open"
    if HVC_0 in program.code and program.x[0] in CALLS:
        return CALLS[program.x[0]]
    words = coprocessor_words(program) if program.state == "t32" else program.code
    state = "a64" if program.state == "a64" else "a32"
    for of, mask, value, where, reason in INSTRUCTIONS:
        if of == state and where in (ANY, cpu) and \
                any(word & mask == value for word in words if word != HVC_0):
            return reason
    return None


def coprocessor_words(program):
    """T32, wherever an instruction begins: coprocessor accesses are those of A32 that always are."""
    halves = [half for word in program.code for half in (word & 0xFFFF, word >> 16)]
    return [first << 16 | second for first, second in zip(halves, halves[1:])]

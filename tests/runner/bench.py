# SPDX-License-Identifier: MIT
"""The benchmark's figures: reading them from a console, budgets, the table."""
import csv
import re

COLUMNS = ["operation", "way", "gic", "total", "el2", "exits"]
BUDGET_COLUMNS = ["operation", "way", "gic", "total", "kind"]
OPERATIONS = ["null", "multicall_32", "unknown", "bad_argument", "smccc_version", "id_register",
              "gicd_read", "uart_char", "console_64", "console_ring", "console_ring_exits",
              "ipi_self", "ipi_one", "ipi_all_4", "ipi_all_4_percent", "mask_unmask",
              "mask_unmask_exits", "steady_exits", "timer_now", "clock_read", "yield",
              "ping_pong_1cpu", "ping_pong_2cpu", "event_send", "event_busy", "event_ping_pong",
              "world_switch", "wfi_late", "touch_block", "touch_page", "map_block", "map_page",
              "share_page", "cpu_bound_overhead", "neighbour_reset_taken", "neighbour_reset_gap_us",
              "neighbour_split_taken", "neighbour_split_gap_us", "el2_longest", "power_on",
              "power_on_4cpu", "text_kib"]
GICS = (2, 3)
SHOWN_PEERS = {"xen": "Xen", "kvm_nvhe": "KVM", "kvm_vhe": "KVM VHE", "bao": "Bao"}
PRICE = re.compile(r'C\((\w+), (\d+), "(\w+) (\w+)"\)')
PRICE_GIC = 3
PRICE_TOLERANCE = 0.05
LINE = re.compile(r"BENCH (operation=.*)$")


def read_line(line):
    """The figures of a line "BENCH operation=null way=call gic=3 ...", or None."""
    found = LINE.search(line)
    if not found:
        return None
    fields = dict(word.split("=", 1) for word in found.group(1).split())
    return {name: fields[name] if name in ("operation", "way") else int(fields[name])
            for name in COLUMNS}


def read_table(path):
    """A CSV file with comments, as dictionaries."""
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def write_table(path, rows, columns):
    """Write a CSV file, below the comments it has."""
    comment = ""
    if path.exists():
        comment = "".join(line for line in path.read_text(encoding="utf-8").splitlines(True)
                          if line.startswith("#"))
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(comment)
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def key_of(row):
    """What a figure is a figure of."""
    return row["operation"], row["way"], int(row["gic"])


def by_key(rows):
    """Rows by what they are of."""
    return {key_of(row): row for row in rows}


def judge(rows, budgets):
    """Lines that say what is over its budget, and what was not measured."""
    figures = by_key(rows)
    wrong = []
    for key, budget in budgets.items():
        name = f"{key[0]} by {key[1]} on GICv{key[2]}"
        if key not in figures:
            wrong.append(f"{name}: not measured (its {budget['kind']} is {budget['total']})")
        elif figures[key]["total"] > int(budget["total"]):
            wrong.append(f"{name}: {figures[key]['total']} instructions, "
                         f"over the {budget['kind']} of {budget['total']}")
    for gic in GICS:
        measured = {row["operation"] for row in rows if row["gic"] == gic}
        wrong += [f"{name} on GICv{gic}: not measured" for name in OPERATIONS if name not in measured]
    return wrong


def prices(text):
    """The prices of the trap advisor (hv/watch/costs.h) that are a row of the table."""
    return PRICE.findall(text)


def judge_prices(rows, text):
    """Lines that say which price, of one exit, is not what was measured."""
    figures = by_key(rows)
    wrong = []
    for name, price, operation, way in prices(text):
        row = figures.get((operation, way, PRICE_GIC))
        if not row:
            wrong.append(f"costs.h: {name} is the price of {operation} by {way}, not measured")
            continue
        each = row["total"] / max(1, row["exits"])
        if abs(int(price) - each) > PRICE_TOLERANCE * each:
            wrong.append(f"costs.h: {name} is {price}, but an exit of {operation} by {way} is {each:.0f}")
    return wrong


def ordered(rows):
    """Rows in the order of the operations, GICv3 first."""
    return sorted(rows, key=lambda row: (OPERATIONS.index(row["operation"]), row["way"],
                                         -int(row["gic"])))


def record(rows, budgets):
    """Give a budget to what has none, lower the recorded ones; goals stay."""
    for row in rows:
        budget = budgets.setdefault(key_of(row), row | {"kind": "recorded"})
        if budget["kind"] == "recorded":
            budget["total"] = min(int(budget["total"]), row["total"])
    return ordered(budgets.values())


def columns(calls, width=4):
    """The lines of a list of calls and what each costs."""
    words = [f"{call['operation']:<22}{call['total']:>6}" for call in calls]
    return ["   ".join(words[i:i + width]) for i in range(0, len(words), width)]


def table(rows, budgets, peers):
    """The lines for a person: one for an operation's way, both GICs' figures, other hypervisors."""
    figures = by_key(rows)
    peers = {row["operation"]: row for row in peers}
    lines = [f"{'':32}{'GICv3':>14}{'GICv2':>24}",
             f"{'operation':<23}{'way':<9}" + f"{'total':>9}{'EL2':>9}{'exits':>6}" * 2 +
             f"{'budget':>9}" + "".join(f"{name:>10}" for name in SHOWN_PEERS.values())]
    for operation, way in dict.fromkeys((row["operation"], row["way"]) for row in ordered(rows)):
        text = f"{operation:<23}{way:<9}"
        for gic in (3, 2):
            row = figures.get((operation, way, gic), {})
            text += f"{row.get('total', '-'):>9}{row.get('el2', '-'):>9}{row.get('exits', '-'):>6}"
        peer = peers.get(operation, {})
        text += f"{budgets.get((operation, way, 3), {}).get('total', '-'):>9}"
        text += "".join(f"{peer.get(name) or '-':>10}" for name in SHOWN_PEERS)
        lines.append(text)
    return lines

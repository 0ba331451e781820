# SPDX-License-Identifier: MIT
"""The interface, read from all headers: what is made of it starts here."""
import pathlib

from . import headers, layout, table
from .model import Api

ROOT = pathlib.Path(__file__).resolve().parents[2]
ABI, LIBRARY = ROOT / "abi/stile", ROOT / "libhypercall/include/stile"


def read(costs, compiler):
    """All that the headers say."""
    reader = headers.Reader()
    abi = sorted(path for path in ABI.glob("*.h") if path.name != "calls.h")
    library = sorted(LIBRARY.glob("*.h"))
    for path in abi + library:
        reader.read(path, path in library)
    calls, groups, common = table.read_table(ABI)
    errors = table.read_errors(ABI)
    table.check_errors(calls, errors)
    api = Api(table.constant(ABI, "version.h", "STILE_VERSION_MAJOR"),
              table.constant(ABI, "version.h", "STILE_VERSION_MINOR"),
              table.constant(ABI, "smccc.h", "STILE_FID_BASE"), common, calls, groups,
              errors, reader.kinds, reader.functions, reader.aggregates,
              reader.constants, reader.headers, costs)
    layout.ask(api, [f"stile/{path.name}" for path in abi + library], compiler)
    return api

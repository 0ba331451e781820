# SPDX-License-Identifier: MIT
"""What a test case came to."""
from dataclasses import dataclass, field

PASS = "pass"
FAIL = "fail"
SKIP = "skip"


@dataclass
class Result:
    """One counted case: its name inside the run, and what is to be said about it."""
    name: str
    status: str
    text: str = ""


@dataclass
class RunResult:
    """All that one entry of cases.toml (one boot, one program) came to."""
    name: str
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    console: str = ""

    def count(self, status):
        """How many cases ended so."""
        return sum(result.status == status for result in self.results)

    @property
    def failed(self):
        """Whether anything went wrong; a run without any case did."""
        return not self.results or self.count(FAIL) > 0

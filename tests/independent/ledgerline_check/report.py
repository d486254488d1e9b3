"""Checks and their verdict: section 12."""

import json
from typing import NamedTuple

EXIT = {"verified": 0, "disputed": 1, "incomplete": 3}


class Check(NamedTuple):
    id: str
    status: str  # pass, fail or skip
    detail: str


class Report:
    """Collects what each check found wrong."""

    def __init__(self):
        self.order, self.faults, self.skipped = [], {}, {}

    def begin(self, name):
        if name not in self.faults:
            self.order.append(name)
            self.faults[name] = []

    def expect(self, name, condition, detail):
        """One condition of a check; the check passes if all of its conditions hold."""
        self.begin(name)
        if not condition:
            self.faults[name].append(detail() if callable(detail) else detail)
        return bool(condition)

    def skip(self, name, why):
        self.begin(name)
        self.skipped[name] = why

    def checks(self):
        out = []
        for name in self.order:
            faults = self.faults[name]
            more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
            if faults:
                out.append(Check(name, "fail", "; ".join(faults[:3]) + more))
            elif name in self.skipped:
                out.append(Check(name, "skip", self.skipped[name]))
            else:
                out.append(Check(name, "pass", ""))
        return out

    def verdict(self):
        status = {check.status for check in self.checks()}
        if "fail" in status:
            return "disputed"
        return "incomplete" if "skip" in status or not status else "verified"

    def json(self, run_note):
        return json.dumps({"verdict": self.verdict(), "checks": [check._asdict() for check in self.checks()],
                           "run_note": run_note}, ensure_ascii=False)

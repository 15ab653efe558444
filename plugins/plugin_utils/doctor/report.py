# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All findings together: for a person, for a machine, and as an exit code. The same content in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...module_utils.doctor import VERDICTS, Finding, worst

CONTROLLER = "controller"
EXIT_CODES = {"ok": 0, "unknown": 0, "warn": 1, "fail": 2}
HEAD = ("host", "verdict", "check", "evidence")


@dataclass(frozen=True)
class Report:
    """Findings by host, the controller's first; each host's in the order of the checks."""

    hosts: dict[str, list[Finding]]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        return [(host, finding) for host, findings in self.hosts.items() for finding in findings]

    @property
    def verdict(self) -> str:
        return worst([finding.verdict for _host, finding in self.findings])

    @property
    def exit_code(self) -> int:
        """What could not be looked at ends no cron job: only a warning (1) or a failure (2) does."""
        return EXIT_CODES[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        return {
            "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "findings": [{"host": host, **finding.as_dict()} for host, finding in self.findings],
        }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """`Report.as_dict()` as a table; a remedy has a line of its own, to be copied."""
    findings = report["findings"]
    rows = [HEAD, *((one["host"], one["verdict"], one["check"], one["evidence"]) for one in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    remedies = ["", *(one["remedy"] for one in findings)]
    for row, remedy in zip(rows, remedies, strict=True):
        yield "  ".join([*(word.ljust(width) for word, width in zip(row, widths, strict=False)), row[3]])
        if remedy:
            yield f"{' ' * (widths[0] + 2)}remedy: {remedy}"
    counts = {verdict: sum(one["verdict"] == verdict for one in findings) for verdict in reversed(VERDICTS)}
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)

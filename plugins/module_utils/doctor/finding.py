# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check says, and the words it says it with."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, field
from typing import Any

VERDICTS = ("ok", "unknown", "warn", "fail")  # the worst one last


@dataclass(frozen=True)
class Finding:
    """One line: `unknown` means that it could not be looked at, and the evidence says why."""

    check: str
    verdict: str
    evidence: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """One pitfall. `remedies` are shell commands with {fields} for the host's own values."""

    name: str
    looks_at: str
    remedies: dict[str, str] = field(default_factory=dict)

    def command(self, remedy: str, **values: Any) -> str:
        """This remedy with its values, each quoted for the shell."""
        return self.remedies[remedy].format(**{name: shlex.quote(str(value)) for name, value in values.items()})

    def ok(self, evidence: str) -> Finding:
        return Finding(self.name, "ok", evidence)

    def unknown(self, why: str) -> Finding:
        return Finding(self.name, "unknown", why)

    def warn(self, evidence: str, remedy: str) -> Finding:
        return Finding(self.name, "warn", evidence, remedy)

    def fail(self, evidence: str, remedy: str) -> Finding:
        return Finding(self.name, "fail", evidence, remedy)


def worst(verdicts: list[str]) -> str:
    """The one that counts; `ok` where there are none."""
    return max(verdicts, key=VERDICTS.index, default="ok")

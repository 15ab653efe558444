# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A subject is looked at once, and every check judges what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import LabError
from .finding import Check, Finding
from .host import Host
from .look import Look

Judge = Callable[[Any, Host], Finding]


@dataclass(frozen=True)
class Subject:
    """`gather` reads the host; a judge is pure. `on_cloud`: is there anything to see where the host is a cloud API?"""

    gather: Callable[[Look, Host], Any]
    checks: tuple[tuple[Check, Judge], ...]
    on_cloud: bool = False

    def examine(self, look: Look, host: Host) -> Iterator[Finding]:
        try:
            seen = self.gather(look, host)
        except Exception as error:  # a host can be strange in any way: it must not hide what the others see
            yield from (check.unknown(_why(error)) for check, _judge in self.checks)
            return
        for check, judge in self.checks:
            try:
                yield judge(seen, host)
            except Exception as error:  # nor must one judge hide the others' findings
                yield check.unknown(_why(error))


def _why(error: Exception) -> str:
    return error.message if isinstance(error, LabError) else f"{type(error).__name__}: {error}"

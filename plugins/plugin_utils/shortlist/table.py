# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every model on every host, in the order in which a person would try them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from .question import Asked, Candidate, Host
from .rows import Row, Verdict, build_row
from .sizes import Sizes

ORDER = {verdict: position for position, verdict in enumerate(Verdict)}


@dataclass(frozen=True)
class Shortlist:
    """Per host: what fits, then what is too slow, does not fit, is not known; each by active parameters, most first.

    Among models that fit and are fast enough the one with the most active parameters is the most capable one as far as
    size tells: the first row of a host is the model to try first.
    """

    asked: Asked
    hosts: tuple[Host, ...]
    rows: tuple[Row, ...]

    @cached_property
    def groups(self) -> dict[str, dict[Verdict, list[Row]]]:
        """The rows by host and verdict."""
        groups: dict[str, dict[Verdict, list[Row]]] = {host.name: {one: [] for one in Verdict} for host in self.hosts}
        for row in self.rows:
            groups[row.host][row.verdict].append(row)
        return groups

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it is written to a file."""
        return {
            "asked": asdict(self.asked) | {"day": self.asked.day.isoformat()},
            "hosts": [
                vars(host) | {"counts": {verdict.value: len(rows) for verdict, rows in self.groups[host.name].items()}}
                for host in self.hosts
            ],
            "rows": [row.as_dict() for row in self.rows],
        }


def shortlist(models: Iterable[Mapping[str, Any]], hosts: Iterable[Mapping[str, Any]], asked: Asked) -> Shortlist:
    """From entries of the catalog and hosts as plain data; ShortlistError says what cannot be read."""
    candidates = [Candidate.from_dict(model) for model in models]
    sized = [(one, Sizes(one.shape, asked) if one.shape else None) for one in candidates]
    known = tuple(Host.from_dict(host) for host in hosts)
    return Shortlist(asked, known, tuple(row for host in known for row in sorted(_rows(sized, host, asked), key=_rank)))


def _rows(sized: list[tuple[Candidate, Sizes | None]], host: Host, asked: Asked) -> Iterator[Row]:
    for candidate, sizes in sized:
        row = build_row(candidate, sizes, host, asked)
        if row is not None:
            yield row


def _rank(row: Row) -> tuple[int, int, int, str]:
    return (ORDER[row.verdict], -(row.active_parameters or 0), -(row.total_parameters or 0), row.model)

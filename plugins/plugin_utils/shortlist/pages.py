# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortlist as a person reads it: a few lines in a terminal, and the whole of it as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings.words import NONE, number, parameters, plural, size
from .question import Host
from .rows import Row, Verdict, kind_text, speed_text
from .table import Shortlist

SHOWN = 10  # rows of one kind in the terminal; the files have all
HEADINGS = {
    Verdict.FITS: "Fits",
    Verdict.TOO_SLOW: "Fits, but too slow to be of use",
    Verdict.DOES_NOT_FIT: "Does not fit",
    Verdict.UNKNOWN: "Not known",
}
COLUMNS = ("model", "active", "total", "memory", "largest context", "tokens/s", "load", "why")
CAVEAT = (
    "Every number is predicted, nothing was loaded: tokens/s from the bytes read per token and the host's memory "
    "bandwidth. A sweep measures both memory and speed."
)


def terminal_lines(made: Shortlist) -> list[str]:
    """Per host the model to try first, then the rows, at most SHOWN of a kind."""
    lines = [f"shortlist for {made.asked.load_text}"]
    for host in made.hosts:
        lines.append(f"{host.name}: {decision(made, host)}")
        for verdict, rows in made.groups[host.name].items():
            lines += [f"  {_line(row)}" for row in rows[:SHOWN]]
            if len(rows) > SHOWN:
                lines.append(f"  ... and {len(rows) - SHOWN} more: {HEADINGS[verdict].lower()}")
    return lines


def decision(made: Shortlist, host: Host) -> str:
    """What to try first on a host, or that there is nothing."""
    groups = made.groups[host.name]
    fitting = groups[Verdict.FITS]
    if not fitting:
        unknown = len(groups[Verdict.UNKNOWN])
        return "nothing fits and is fast enough" + (f"; {plural(unknown, 'model')} not known" if unknown else "")
    first = fitting[0]
    speed = "" if first.predicted_tokens_per_second is None else f", {_speed(first)}"
    count = f"{plural(len(fitting), 'model')} of {sum(map(len, groups.values()))}"
    fit = "is served" if host.is_cloud else "fits" if len(fitting) == 1 else "fit"
    return f"start with {first.model} ({_kind(first)}{speed}); {count} {fit}"


def markdown(made: Shortlist) -> str:
    """The whole shortlist, decision first."""
    return "\n".join(_pages(made)) + "\n"


def _pages(made: Shortlist) -> Iterator[str]:
    yield "# Shortlist\n"
    yield f"For {made.asked.load_text}.\n"
    yield from (f"- **{_cell(host.name)}**: {_cell(decision(made, host))}" for host in made.hosts)
    yield f"\n{CAVEAT}\n"
    yield "Per host and verdict the models stand by active parameters, most first."
    for host in made.hosts:
        yield f"\n## {_cell(host.name)}\n"
        yield _described(made, host)
        for verdict, rows in made.groups[host.name].items():
            if rows:
                yield f"\n### {HEADINGS[verdict]}\n"
                yield f"| {' | '.join(COLUMNS)} |"
                yield f"| {' | '.join(['---'] * len(COLUMNS))} |"
                yield from (f"| {' | '.join(map(_cell, _cells(row)))} |" for row in rows)


def _described(made: Shortlist, host: Host) -> str:
    if host.is_cloud:
        return "A cloud API: nothing is loaded."
    text = f"{size(host.usable_bytes)} usable, of which {size(host.reserve_bytes)} stay free. "
    if host.memory_bandwidth_bytes_per_second is None:
        return f"{text}No tokens/s: {host.bandwidth_from or 'its memory bandwidth is not known'}."
    gigabytes = number(host.memory_bandwidth_bytes_per_second / 1e9)
    bound = ", a lower bound: the GPU may read faster" if host.bandwidth_is_lower_bound else ""
    return (
        f"{text}Memory bandwidth {gigabytes} GB/s ({host.bandwidth_from or 'as given'}{bound}), of which "
        f"{round(made.asked.bandwidth_efficiency * 100)} % are counted on."
    )


def _cells(row: Row) -> tuple[str, ...]:
    context = row.largest_context_tokens
    return (
        row.model,
        parameters(row.active_parameters),
        parameters(row.total_parameters),
        size(row.predicted_bytes),
        NONE if context is None else str(context),
        _speed(row),
        NONE if row.predicted_load_seconds is None else f"{number(row.predicted_load_seconds)} s",
        row.why,
    )


def _line(row: Row) -> str:
    if row.verdict is not Verdict.FITS:
        return f"{row.model}: {HEADINGS[row.verdict].lower()}: {row.why}"
    if row.price or row.predicted_bytes is None:
        return f"{row.model}: {row.why}"
    return (
        f"{row.model}: {_kind(row)}, {size(row.predicted_bytes)}, context up to {row.largest_context_tokens}, "
        f"{_speed(row) if row.predicted_tokens_per_second is not None else 'tokens/s not known'}"
    )


def _kind(row: Row) -> str:
    return kind_text(row.total_parameters, row.active_parameters)


def _speed(row: Row) -> str:
    speed = row.predicted_tokens_per_second
    return NONE if speed is None else speed_text(speed, row.speed_is_lower_bound)


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab canary verify` and `lab canary list`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...module_utils.errors import LabError
from ..canary import Canary, Generator, Package, Repository, find, names
from ..paths import SHIPPED_CANARIES
from ..sandbox import select
from ..toolchain import make_ready
from ..verify import Report, Stage
from ..verify import verify as verify_all

HOME = Path("lab")
SHOWN_CHARS = 90
HEAD = "| canary | grade | duty | autonomy | made of | it asks |\n|---|---|---|---|---|---|"


def verify(wanted: list[str], folder: Path | None, references: int, as_json: bool) -> int:
    """Check these canaries, or all there are; 0 when every one is honest."""
    roots, canaries = _chosen(wanted, folder)
    resources = make_ready(canaries, roots, HOME, lambda line: print(line, file=sys.stderr))
    shown = sys.stderr.isatty()

    def tell(name: str, done: int, total: int) -> None:
        if shown:
            print(f"\r\033[K… {name}: check {done} of {total}", end="", file=sys.stderr, flush=True)

    reports = []
    for report in verify_all(canaries, Stage(select(), resources), references, tell):
        reports.append(report)
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        if not as_json:
            print("\n".join(lines(report)), flush=True)
    if as_json:
        print(json.dumps([report.as_dict() for report in reports], indent=2))
    return 0 if all(report.ok for report in reports) else 1


def show(folder: Path | None) -> int:
    print("\n".join(table(_chosen([], folder)[1])))
    return 0


def table(canaries: Iterable[Canary]) -> Iterator[str]:
    """What a person chooses from, as Markdown."""
    yield HEAD
    for canary in sorted(canaries, key=lambda one: (one.duty, one.grade, one.name)):
        asks = " ".join(canary.prompt.split())
        asks = asks if len(asks) <= SHOWN_CHARS else asks[:SHOWN_CHARS].rpartition(" ")[0] + " …"
        if not canary.solvable:
            asks += " (cannot be done: only handing over passes)"
        cells = (f"`{canary.name}`", str(canary.grade), canary.duty, canary.autonomy, _made_of(canary), asks)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _made_of(canary: Canary) -> str:
    source = canary.source
    if isinstance(source, Generator):
        return f"seed {source.seed}"
    if isinstance(source, Package):
        return f"{source.name} {source.version}"
    return source.url if isinstance(source, Repository) else "patches"


def _chosen(wanted: list[str], folder: Path | None) -> tuple[list[Path], list[Canary]]:
    if folder is not None and not folder.is_dir():
        raise LabError(f"There is no folder {folder}.", "name the folder that your canaries are in")
    roots = [folder, SHIPPED_CANARIES] if folder else [SHIPPED_CANARIES]
    canaries = [find(name, roots) for name in wanted or names(roots[0])]
    if not canaries:
        raise LabError(f"There is no canary in {roots[0]}.", "see docs/canaries.md for what one is")
    return roots, canaries


def lines(report: Report) -> Iterator[str]:
    """What a person reads of one canary: a line, and one for each check that failed or proves nothing."""
    canary, failed = report.canary, [check for check in report.checks if not check.ok]
    yield (
        f"{'ok  ' if report.ok else 'FAIL'} {canary.name}, grade {canary.grade}: "
        f"{len(report.checks) - len(failed)} of {len(report.checks)} checks"
    )
    for check in report.checks:
        if not check.ok or check.detail.startswith("not "):
            yield f"     {canary.name}: {check.name}: {check.detail}"

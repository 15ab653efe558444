# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: run the benchmarks, print a table, write build/bench.json.

A benchmark is a function of one argument, an empty scratch folder, that returns flat numbers with the unit in the key.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import adaptive, ceilings, scale, shortlist, sizing, sweep, turn_overhead

BENCHMARKS: dict[str, Callable[[Path], dict[str, float]]] = {
    "adaptive": adaptive.measure,
    "ceilings": ceilings.measure,
    "scale": scale.measure,
    "shortlist": shortlist.measure,
    "sizing": sizing.measure,
    "sweep": sweep.measure,
    "turn_overhead": turn_overhead.measure,
}
OUTPUT = Path("build/bench.json")


def main() -> int:
    only = os.environ.get("ONLY")
    if only and only not in BENCHMARKS:
        print(f"bench: no benchmark is called {only}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 1
    results = json.loads(OUTPUT.read_text()) if OUTPUT.exists() else {}
    table = Table("benchmark", "what", "value")
    for name in [only] if only else BENCHMARKS:
        print(f"bench: {name} …", flush=True)
        with tempfile.TemporaryDirectory(prefix="lab-bench-") as scratch:
            results[name] = BENCHMARKS[name](Path(scratch))
        for key, value in results[name].items():
            table.add_row(name, key, f"{value:.6g}")
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(results, indent=2) + "\n")
    Console().print(table)
    return 0


sys.exit(main())

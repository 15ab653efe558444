# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small sweep over a scripted engine, and what came of it but for what was measured: the same bytes each time.

`python -m tests.tools.same_bytes FOLDER` runs it in FOLDER; plan.json, card.json and decision.json there are then to be
compared with those of another Python, or of another run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from ..fakes.scripted_engine import ScriptedEngine, Turn, call
from .small_sweep import SmallSweep

SWEEP = {
    "name": "same",
    "models": ["scripted"],
    "canaries": ["hello_file"],
    "baseline": {"load": {"context_tokens": 8192}, "chat": {"temperature": 0.3}},
    "factors": {"temperature": [0.9], "top_p": [0.7]},
    "replicates": {"screen": 3, "most": 5},
    "seed": 11,
    "good_enough": {"builder": {"pass_rate": 0.9, "generated_tokens_per_second": 10}},
}
MODELS = {
    "scripted": {"file": "scripted.gguf", "sha256": "5c" * 32, "size_bytes": 1000, "source": {"path": "/scripted.gguf"}}
}
# What a run adds to a planned trial.
RAN = ("attempts", "record", "host", "state")


def said(body: dict[str, Any]) -> Turn:
    """What the model would say, from the request alone: hot, it greets wrongly two times in three."""
    seed, answered = int(body["seed"]), sum(message["role"] == "tool" for message in body["messages"])
    wrong = body["temperature"] > 0.5 and seed % 3 > 0
    turns = (
        call("write_file", path="greeting.txt", content="Goodbye" if wrong else "Hello, world"),
        call("push", message=f"Say it, {seed % 5}"),
        call("submit"),
    )
    return turns[min(answered, 2)]


def main(folder: Path) -> None:
    engine = ScriptedEngine(lambda number: said(engine.requests[number - 1].body), props={"n_ctx": 8192})
    sweep = SmallSweep(folder, SWEEP, MODELS)
    with engine:
        summary = sweep.run(engine.base_url, "scripted")
    plan = [{name: trial[name] for name in trial if name not in RAN} for trial in summary["trials"]]
    _write(folder / "plan.json", plan)
    _write(folder / "card.json", _unmeasured(json.loads((sweep.reports / "card-scripted.json").read_text())))
    _write(folder / "decision.json", _unmeasured(yaml.safe_load((sweep.reports / "decision.yml").read_text())))


def _unmeasured(shown: dict[str, Any]) -> dict[str, Any]:
    assert shown["measured"]
    return {name: value for name, value in shown.items() if name != "measured"}


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run on the real engine: what its card says is recomputed from the transcripts, which nothing of the card made."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from ansible_collections.local_llm.lab.tests.tools.small_sweep import SmallSweep

ROOT = Path(__file__).resolve().parents[3]
SWEEP = {
    "name": "true",
    "models": ["smollm2"],
    "canaries": ["hello_file"],
    "baseline": {"load": {"context_tokens": 2048}, "chat": {"temperature": 0.3}},
    "replicates": 3,
    "seed": 3,
    "budgets": {"turns": 3, "completion_tokens": 64, "probe_factor": 1},
    "good_enough": {"builder": {"pass_rate": 0.8}},
}


class Told:
    """One trial as its transcript tells it."""

    def __init__(self, path: Path) -> None:
        events = [json.loads(line) for line in path.read_text().splitlines()]
        self.completions = [event["completion"] for event in events if event["event"] == "model"]
        calls = [event for event in events if event["event"] == "tool"]
        self.submitted = any((one["name"], one["status"]) == ("submit", "ok") for one in calls)
        self.ended = events[-1]["record"]["outcome"]
        (self.chat,) = (event["chat"] for event in events if event["event"] == "trial")
        self.turns = len([event for event in events if event["event"] == "model" and event["purpose"] == "turn"])
        self.generated_tokens = sum(one["usage"]["generated_tokens"] for one in self.completions)
        self.prompt_tokens = sum(one["usage"]["prompt_tokens"] for one in self.completions)

    @property
    def generations(self) -> str:
        said = [(one["text"], one["reasoning"], [[c["name"], c["arguments"]] for c in one["tool_calls"]])
                for one in self.completions]  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@pytest.mark.timeout(600)
def test_the_card_of_a_real_sweep_is_true_to_its_transcripts(
    llama_server: Callable[..., Any], smollm2_gguf: Path, tmp_path: Path
) -> None:
    template = (ROOT / "inventory" / "templates" / "smollm2-tools.jinja").read_text()
    engine = llama_server(smollm2_gguf, name="smollm2", context_tokens=2048, chat_template=template)
    model = {"file": "smollm2.gguf", "sha256": hashlib.sha256(smollm2_gguf.read_bytes()).hexdigest(),
             "size_bytes": smollm2_gguf.stat().st_size, "source": {"path": str(smollm2_gguf)}}  # fmt: skip
    sweep = SmallSweep(tmp_path, SWEEP, {"smollm2": model})
    sweep.run(engine.base_url, "smollm2")
    card = json.loads((sweep.reports / "card-smollm2.json").read_text())
    assert card["interim"] is False
    trials = {trial["id"]: trial for trial in card["trials"]}
    told = {name: Told(_transcript(tmp_path, trial)) for name, trial in trials.items()}
    assert len(list(tmp_path.glob("lab/trials/1/*/*/transcript.jsonl"))) == len(told) >= 3 + 3

    for name, trial in trials.items():
        this = told[name]
        assert (trial["turns"], trial["generated_tokens"], trial["prompt_tokens"], trial["submitted"]) == (
            this.turns, this.generated_tokens, this.prompt_tokens, this.submitted,
        )  # fmt: skip
        assert (trial["ending"] == "passed") == (this.ended == "passed")
    for row in card["cells"]:
        mine = [trial for trial in trials.values() if trial["cell"] == row["id"] and trial["purpose"] == "measure"]
        assert all(told[trial["id"]].chat == row["chat"] for trial in mine)
        first: dict[str, str] = {}
        for trial in sorted(mine, key=lambda one: int(one["replicate"])):
            if told[trial["id"]].ended != "void" and trial["left_out"] != "drift":
                first.setdefault(told[trial["id"]].generations, trial["id"])
        counted = [told[name] for name in first.values()]
        assert {trial["id"] for trial in mine if trial["counted"]} == set(first.values())
        assert row["pass_rate"]["of"] == len(counted)
        assert row["pass_rate"]["count"] == sum(one.ended == "passed" for one in counted)
        assert row["generated_tokens"]["median"] == median(one.generated_tokens for one in counted)
        assert row["turns"]["median"] == median(one.turns for one in counted)
        assert row["left_out"]["repeat"] == sum(trial["left_out"] == "repeat" for trial in mine)
        speeds = [
            card["measured"]["trials"][trial["id"]] for trial in mine if trial["id"] in card["measured"]["trials"]
        ]
        assert all(one["generated_tokens_per_second"] > 0 for one in speeds)
    _verify(card, sweep.reports, told, trials)


def _transcript(folder: Path, trial: dict[str, Any]) -> Path:
    return folder / "lab" / "trials" / "1" / trial["id"] / str(trial["attempt"]) / "transcript.jsonl"


def _verify(card: dict[str, Any], reports: Path, told: dict[str, Told], trials: dict[str, Any]) -> None:
    """The card's own commands, where jq is installed, on the folders that the sweep really left."""
    if not shutil.which("jq"):
        return
    answers = [
        subprocess.run(
            ["bash", "-euo", "pipefail", "-c", one["command"]], cwd=reports, capture_output=True, text=True, check=True
        ).stdout.split()
        for one in card["verify"]
    ]
    lead = card["recommendation"]["cell"]
    ended = Counter(told[name].ended for name, trial in trials.items() if trial["cell"] == lead and trial["counted"])
    assert dict(zip(answers[0][1::2], map(int, answers[0][::2]), strict=True)) == dict(ended)
    assert len(answers) >= 3 and all(answers)

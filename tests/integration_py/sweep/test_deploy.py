# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A decision applied to a simulated Ollama: once, again, checked, wrong, failing its smoke trial, and taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.record import write_record
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.deployment import planned
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import load_catalog
from ansible_collections.local_llm.lab.tests.fakes.hello_player import hello
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.wires import Said

from .conftest import Folder
from .test_engines import write

pytestmark = [pytest.mark.timeout(500), pytest.mark.usefixtures("memory_to_itself")]


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    with Ollama(reply=hello) as ollama:
        yield ollama


@pytest.fixture
def ready(folder: Folder, ollama: Ollama) -> Folder:
    """A folder whose only host is the simulated Ollama, with a second model and a decision for the first."""
    folder.catalog["other"] = folder.catalog["tiny"] | {"file": "other.gguf"}
    write(folder, ollama={"lab_engine": "ollama", "lab_engine_url": ollama.base_url, "lab_base_url": ollama.base_url})
    folder.home.mkdir()
    decide(folder, "tiny")
    return folder


def decide(folder: Folder, model: str, **changes: Any) -> None:
    """What decide.yml would write had a sweep chosen this model."""
    chosen = {
        "model": model,
        "digest": load_catalog(folder.inventory / "catalog.yml")[model].digest,
        "cell": f"{model}-cell",
        "label": "baseline",
        "host_class": "ollama/GB10/128",
        "load": {"context_tokens": 2048, "parallel": 1, "kv_type": "f16", "flash_attention": "auto"},
        "chat": {"temperature": 0.3},
        "evidence": "passed 9 of 9 on this suite",
    }
    decision = {
        "schema": "local_llm.lab/decision/2",
        "sweep": "trial",
        "generation": {"number": 1},
        "interim": False,
        "decisions": [{"duty": "builder", "tier": "lite", "why": "it passed", "chosen": chosen | changes}],
    }
    (folder.home / "decision.yml").write_text(yaml.safe_dump(decision))


def deploy(folder: Folder, *arguments: str) -> tuple[int, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["ansible-playbook", "local_llm.lab.deploy", "-l", "ollama", *arguments],
        cwd=folder.path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def record(folder: Folder) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder.home / "deployed" / "ollama.yml").read_text())
    return found


def loaded(ollama: Ollama) -> list[str]:
    return [name.partition(":")[0] for name in ollama.resident()]


def test_a_decision_is_checked_deployed_and_deployed_again(ready: Folder, ollama: Ollama) -> None:
    code, output = deploy(ready, "--check", "--diff")
    assert code == 0, output
    assert not ollama.resident() and not (ready.home / "deployed").exists()
    assert "+  model: tiny" in output

    code, output = deploy(ready)
    assert code == 0, output
    assert loaded(ollama) == ["tiny"]
    current = record(ready)["current"]
    assert (current["model"], current["chat"], current["duty"]) == ("tiny", {"temperature": 0.3}, "builder")
    assert "it was measured on ollama/GB10/128" in output
    assert (ready.home / "deployed" / "trials" / "ollama" / "1" / "transcript.jsonl").is_file()

    asked = len(ollama.requests)
    code, output = deploy(ready)
    assert code == 0, output
    assert "changed=0" in output
    assert not any("messages" in one for one in ollama.requests[asked:]), "nothing was tried again"
    assert record(ready)["current"] == current


def test_what_fails_its_smoke_trial_goes_back_to_what_was_there_and_a_rollback_to_what_was_before_that(
    ready: Folder, ollama: Ollama
) -> None:
    tiny, other = (deployment(ready, model) for model in ("tiny", "other"))
    write_record(ready.home, "ollama", {"current": other, "previous": tiny, "rolled_back": None})
    ollama.reply = lambda body: ()
    decide(ready, "tiny", load={"context_tokens": 1024, "parallel": 1, "kv_type": "f16", "flash_attention": "auto"})
    code, output = deploy(ready)
    output = " ".join(output.split())
    assert code == 2 and "the smoke trial ended failed" in output and "Rolled back to other, baseline" in output, output
    assert loaded(ollama) == ["other"]
    assert (record(ready)["current"], record(ready)["previous"]) == (other, tiny)

    ollama.reply = hello
    code, output = deploy(ready, "-e", "rollback=true")
    assert code == 0, output
    assert loaded(ollama) == ["tiny"]
    assert record(ready)["current"] == tiny | {"at": record(ready)["current"]["at"]}
    assert (record(ready)["previous"], record(ready)["rolled_back"]) == (None, other)


def deployment(folder: Folder, model: str) -> dict[str, Any]:
    """What an earlier run of deploy.yml has recorded for this model."""
    decide(folder, model)
    host = {"name": "ollama", "engine": "ollama", "tier": "lite", "gpu": "none", "total_bytes": 2**34, "base_url": "u"}
    catalog = str(folder.inventory / "catalog.yml")
    home = str(folder.home)
    made: dict[str, Any] = planned(home, catalog, f"{home}/decision.yml", "builder", False, host)["deployment"]
    return made | {"at": "2026-11-24T10:00:00Z"}


def test_a_decision_of_another_model_is_refused_and_nothing_is_touched(ready: Folder, ollama: Ollama) -> None:
    decide(ready, "tiny", digest="0" * 64)
    code, output = deploy(ready)
    assert code == 2 and "is not the model that was measured" in " ".join(output.split()), output
    assert not ollama.resident() and not (ready.home / "deployed").exists()


def test_smoke_says_which_models_can_run_a_trial_and_leaves_nothing(ready: Folder, ollama: Ollama) -> None:
    ready.sweep["models"] = ["tiny", "other"]
    (ready.inventory / "sweeps" / "demo.yml").write_text(yaml.safe_dump(ready.sweep))
    ollama.reply = lambda body: (
        hello(body) if body["model"].startswith("tiny") else (Said(text="I would rather talk."),)
    )
    code, output = ready.lab("smoke", "-l", "ollama")
    assert code == 2, output
    assert "tiny: fit to be swept" in output and "other: NOT fit to be swept: no " in output, output
    assert not ollama.resident() and not (ready.home / "store.sqlite").exists()


@pytest.mark.skipif(not os.environ.get("LAB_NIGHTLY"), reason="a whole sweep of two models: make nightly")
def test_a_challenger_that_does_better_is_said_to_be_and_what_to_type_next(ready: Folder, ollama: Ollama) -> None:
    suite = {
        "canaries": {"hello_file": {"grade": 0}},
        "budgets": {"turns": 6},
        "replicates": {"screen": 3, "most": 3},
        "wrong_adoption": 0.2,
    }
    deployed = deployment(ready, "tiny") | {"suite": suite, "wanted": {"pass_rate": 0.3}}
    write_record(ready.home, "ollama", {"current": deployed, "previous": None, "rolled_back": None})
    ollama.reply = better_than_tiny
    code, output = ready.lab("challenge", "other", "-l", "ollama")
    assert code == 0, output
    shown, cost, then = output.strip().splitlines()[-3:]
    assert shown.startswith("other is shown to be better than tiny: on this suite 3 of 3")
    assert "against 0 of 3" in shown and "+100 points" in shown
    assert cost.startswith("per passed canary: other ") and cost.endswith("tiny none passed")
    (path,) = (ready.home / "challenges").iterdir()
    assert then.startswith(f"next: lab decide -e sweep={path.stem} -l ollama, and if it decides for other: lab deploy")


def better_than_tiny(body: dict[str, Any]) -> Sequence[Said]:
    """As `hello`, in other words for each seed; the model tiny writes another greeting than was asked for."""
    (said,) = hello(body)
    arguments = dict(said.arguments or {})
    if body["model"].startswith("tiny") and arguments.get("content") == "Hello, world":
        arguments["content"] = "Good morning"
    if "message" in arguments:
        arguments["message"] += f" {body.get('options', {}).get('seed')}"
    return (replace(said, arguments=arguments),) if said.name else (said,)

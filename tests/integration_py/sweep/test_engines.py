# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sweep over simulated LM Studio, Ollama and a cloud, and what their faults make of a trial."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.tests.fakes.hello_player import hello
from ansible_collections.local_llm.lab.tests.fakes.lm_studio import LmStudio
from ansible_collections.local_llm.lab.tests.fakes.ollama import Ollama
from ansible_collections.local_llm.lab.tests.fakes.openai_stub import OpenAIStub
from ansible_collections.local_llm.lab.tests.fakes.wires import Said

from .conftest import Folder

pytestmark = [pytest.mark.timeout(500), pytest.mark.usefixtures("memory_to_itself")]

IN_THE_NIGHT = pytest.mark.skipif(
    not os.environ.get("LAB_NIGHTLY"), reason="a silent stream is waited for longer than a minute: make nightly"
)
KEY = "sk-of-the-cloud-31415926"
OUTCOMES = (
    "SELECT trials.host_class, attempts.state, attempts.why, COUNT(*) FROM attempts JOIN trials ON trials.id = trial"
)


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[LmStudio]:
    with LmStudio(reply=hello, home=tmp_path / ".lmstudio", jit_loading=False) as studio:
        yield studio


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    with Ollama(reply=hello) as ollama:
        yield ollama


@pytest.fixture
def cloud() -> Iterator[OpenAIStub]:
    with OpenAIStub(models=("opus-20261101",), key=KEY, reply=hello) as cloud:
        yield cloud


def test_one_sweep_over_three_engines(folder: Folder, studio: LmStudio, ollama: Ollama, cloud: OpenAIStub) -> None:
    key_file = folder.path / "key"
    key_file.write_text(KEY)
    key_file.chmod(0o600)
    folder.catalog["opus"] = {"cloud": {"id": "opus-20261101", "context_tokens": 200000}}
    folder.sweep["models"] = ["tiny", "opus"]
    folder.sweep["factors"] = {"kv_type": ["q8_0"]}
    folder.sweep["budgets"] = {"turns": 6}
    write(
        folder,
        studio=lm_studio_host(studio),
        ollama={"lab_engine": "ollama", "lab_engine_url": ollama.base_url, "lab_base_url": ollama.base_url},
        cloud={
            "lab_engine_url": f"{cloud.base_url}/v1",
            "lab_engine_options": {"api_key_file": str(key_file)},
            "lab_api_key": KEY,
        },
    )
    code, output = folder.run("-l", "studio,ollama,cloud")
    assert code == 0, output
    rows = folder.rows("SELECT host_class, model, factor, state FROM cells ORDER BY host_class, factor")
    assert [(row[0].partition("/")[0], *row[1:]) for row in rows] == [
        ("lm_studio", "tiny", None, "complete"),
        ("lm_studio", "tiny", "kv_type", "factor_not_applied"),
        ("ollama", "tiny", None, "complete"),
        ("ollama", "tiny", "kv_type", "factor_not_applied"),
        ("openai_compatible", "opus", None, "complete"),
        ("openai_compatible", "opus", "kv_type", "factor_not_applied"),
    ]
    measured = {row[0] for row in folder.rows("SELECT id FROM trials WHERE purpose = 'measure'")}
    outcomes = [record["outcome"] for record in folder.records() if record["trial"] in measured]
    assert outcomes == ["passed"] * 9, output
    blocks = folder.rows("SELECT host_class, COUNT(*) FROM trials WHERE purpose != 'measure' GROUP BY host_class")
    assert [count for _host_class, count in blocks] == [3, 3], "nothing warms a cloud up"
    assert "kv_type = q8_0 cannot be set per load on this engine" in output
    assert not studio.resident() and not ollama.resident() and not folder.processes()
    assert KEY not in output
    card = (folder.home / "reports" / "trial" / "1" / "card-opus.md").read_text()
    assert "model `opus-20261101` of a cloud" in card and "None" not in card, card


@pytest.mark.parametrize("fault", ["oom_kill", pytest.param("hang_in_stream", marks=IN_THE_NIGHT)])
def test_a_model_lost_in_its_stream_voids_the_trial_and_it_runs_again(
    folder: Folder, ollama: Ollama, fault: str
) -> None:
    met = threading.Event()

    def over() -> None:
        while ollama.resident() and fault in ollama.faults:
            time.sleep(0.01)
        ollama.faults.discard(fault)

    def once(body: dict[str, Any]) -> Sequence[Said]:
        # Smoke has one result in a history too: the second one is a trial's.
        if not met.is_set() and sum(message["role"] == "tool" for message in body["messages"]) > 1:
            met.set()
            ollama.faults.add(fault)
            threading.Thread(target=over, daemon=True).start()
        return hello(body)

    ollama.reply = once
    folder.sweep["factors"] = {}
    folder.sweep["budgets"] = {"turns": 6, "wall_clock_seconds": 20}
    write(folder, ollama={"lab_engine": "ollama", "lab_engine_url": ollama.base_url, "lab_base_url": ollama.base_url})
    code, output = folder.run("-l", "ollama")
    assert code == 0, output
    assert met.is_set() and "void/engine_error" in output
    assert folder.rows("SELECT state, COUNT(*) FROM attempts GROUP BY state") == [("done", 6), ("void", 1)]
    assert not ollama.resident()


def lm_studio_host(studio: LmStudio) -> dict[str, Any]:
    return {
        "lab_engine": "lm_studio",
        "lab_engine_url": studio.base_url,
        "lab_base_url": studio.base_url,
        "lab_engine_options": {"lms": str(studio.program()), "home": str(studio.home)},
    }


def write(folder: Folder, **hosts: dict[str, Any]) -> None:
    """The user's folder with these hosts in place of the embedded one; `cloud` is one of tier_cloud."""
    folder.write()
    common = {name: folder.host[name] for name in ("ansible_connection", "ansible_python_interpreter")}
    plain = common | {"lab_reserve_bytes": 0, "lab_floor_bytes": 0, "lab_memory_bandwidth_bytes_per_second": 8 * 10**9}
    inventory = {
        name: plain | {"lab_keeper_dir": str(folder.path.parent / name), "lab_tier": "lite"} | host
        for name, host in hosts.items()
        if name != "cloud"
    }
    clouds = {
        name: {"lab_keeper_dir": str(folder.path.parent / name)} | hosts[name] for name in hosts if name == "cloud"
    }
    tree = {"hosts": inventory, "children": {"tier_cloud": {"hosts": clouds}}}
    (folder.inventory / "hosts.yml").write_text(yaml.safe_dump({"llm_hosts": tree}))

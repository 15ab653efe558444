# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep file of a challenge: the deployed config, on the canaries that decided for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.challenge import NoChallenge, as_text, sweep_file
from ansible_collections.local_llm.lab.plugins.plugin_utils.deploy.record import write_record
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.challenging import plan
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import load_sweep

ENTRY = {"file": "f.gguf", "sha256": "ab" * 32, "size_bytes": 100, "source": {"path": "/models/f.gguf"}}
CLOUD = {"cloud": {"id": "opus-20261101", "context_tokens": 200000}}
DEPLOYED: dict[str, Any] = {
    "duty": "builder",
    "tier": "lite",
    "model": "tiny",
    "digest": "d",
    "load": {"context_tokens": 2048, "kv_type": "q8_0"},
    "chat": {"temperature": 0.3, "tool_style": "text"},
    "suite": {
        "canaries": {"ledger": {"grade": 3}, "hello_file": {"grade": 0}},
        "budgets": {"turns": 6},
        "replicates": {"screen": 3, "most": 6},
        "wrong_adoption": 0.1,
    },
    "wanted": {"pass_rate": 0.6, "grade": 3},
}


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    path = tmp_path / "catalog.yml"
    models = {"tiny": ENTRY, "new.model-30b": ENTRY | {"file": "n.gguf"}, "opus": CLOUD}
    path.write_text(yaml.safe_dump({"models": models}))
    return path


@pytest.fixture
def deployed(tmp_path: Path) -> Callable[..., None]:
    def write(host: str = "mac", **changes: Any) -> None:
        write_record(tmp_path, host, {"current": DEPLOYED | changes, "previous": None, "rolled_back": None})

    return write


def test_it_is_a_sweep_file_with_the_deployed_config_and_the_deciding_suite(
    tmp_path: Path, catalog: Path, deployed: Callable[..., None]
) -> None:
    deployed()
    made = sweep_file(tmp_path, catalog, "new.model-30b", ["mac"])
    path = tmp_path / "challenge.yml"
    path.write_text(as_text(made))
    sweep = load_sweep(path)
    assert (sweep.models, sweep.canaries) == (("tiny", "new.model-30b"), ("hello_file", "ledger"))
    assert sweep.load["kv_type"] == "q8_0" and sweep.chat == {"temperature": 0.3}
    assert (sweep.replicates, sweep.most_replicates, sweep.wrong_adoption) == (6, 6, 0.1)
    assert (sweep.budgets, sweep.good_enough) == ({"turns": 6}, {"builder": {"pass_rate": 0.6, "grade": 3}})
    assert sweep.name.startswith("challenge-new-model-30b-")


def test_the_same_challenge_has_the_same_name_and_another_config_another(
    tmp_path: Path, catalog: Path, deployed: Callable[..., None]
) -> None:
    names = []
    for chat in ({"temperature": 0.3}, {"temperature": 0.3}, {"temperature": 0.8}):
        deployed(chat=chat)
        names.append(sweep_file(tmp_path, catalog, "new.model-30b", ["mac"])["name"])
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    ("newcomer", "hosts", "changes", "said"),
    [
        ("new.model-30b", ["other"], {}, "Nothing is deployed on other"),
        ("nobody", ["mac"], {}, "has no model nobody"),
        ("tiny", ["mac"], {}, "tiny is what is deployed on mac"),
        ("opus", ["mac"], {}, "one is a cloud's, the other a file"),
        ("new.model-30b", ["mac"], {"suite": {}}, "does not say which canaries"),
        ("new.model-30b", ["mac", "second"], {}, "do not have the same deployed: mac tiny, second tiny"),
    ],
)
def test_what_cannot_be_a_challenge_is_refused_with_the_reason(
    tmp_path: Path,
    catalog: Path,
    deployed: Callable[..., None],
    newcomer: str,
    hosts: list[str],
    changes: dict[str, Any],
    said: str,
) -> None:
    deployed(**changes)
    deployed("second", load={"context_tokens": 8192})
    with pytest.raises(NoChallenge, match="Remedy") as raised:
        sweep_file(tmp_path, catalog, newcomer, hosts)
    assert said in str(raised.value)


def test_check_mode_says_who_would_meet_whom_and_writes_nothing(
    tmp_path: Path, catalog: Path, deployed: Callable[..., None]
) -> None:
    deployed()
    said = plan(str(tmp_path), str(catalog), "new.model-30b", ["mac"], check=True)
    assert "new.model-30b against tiny, which is deployed as builder. 2 canaries, N = 6 each" in said["lines"][0]
    assert said["changed"] and not (tmp_path / "challenges").exists()
    assert plan(str(tmp_path), str(catalog), "new.model-30b", ["mac"], check=False)["changed"]
    assert not plan(str(tmp_path), str(catalog), "new.model-30b", ["mac"], check=False)["changed"]

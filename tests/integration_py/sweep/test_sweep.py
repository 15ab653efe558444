# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep as a user runs it: once, again, new, checked, and with something wrong in it."""

from __future__ import annotations

import json
import socket
import time

import psutil
import pytest
import yaml

from .conftest import Folder

# A whole sweep, several times on a busy machine.
pytestmark = pytest.mark.timeout(400)

# On a busy machine a block's speed may drift, and the block is run once more.
DONE = "SELECT COUNT(*) FROM trials WHERE state = 'done' AND purpose = 'measure' AND stage = 'screen'"


def test_a_sweep_ends_in_card_decision_and_transcripts_and_runs_nothing_twice(folder: Folder) -> None:
    folder.host |= {
        "lab_power_watts": 100,
        "lab_tariff": {"per_kwh": 0.31, "currency": "EUR"},
        "lab_host_price": {"amount": 3999, "currency": "EUR", "lifetime_hours": 26000},
    }
    folder.write()
    code, output = folder.run()
    assert code == 0, output
    assert folder.rows(DONE) == [(6,)]
    reports = folder.home / "reports" / "trial" / "1"
    assert {path.name for path in reports.iterdir()} >= {
        "card-tiny.md",
        "card-tiny.html",
        "card-tiny.json",
        "decision.yml",
    }
    assert str(reports / "decision.yml") in output
    assert yaml.safe_load((reports / "decision.yml").read_text())
    assert len(list(folder.home.glob("trials/1/*/*/transcript.jsonl"))) == 6 + 3, "a warm-up, and two anchors"
    for record in folder.records():
        assert record["cold_start"] is True and len(record["generations_sha256"]) == 64
        assert record["usage_source"] == "engine" and record["generated_tokens"] > 0
        assert record["turns"] <= 2
    measured = json.loads((reports / "card-tiny.json").read_text())["measured"]
    assert all(load["predicted_tokens_per_second"] > 0 for load in measured["loads"])
    for cost in measured["costs"].values():
        assert 1 <= cost["priced"] == cost["trials"] <= 3, "exact repeats are one replicate"
        assert (cost["currencies"], cost["energy"]["from"]) == (["EUR"], ["inventory"])
        assert cost["parts"]["energy"] > 0 and cost["parts"]["host"] > 0
    assert not folder.processes()

    started = time.monotonic()
    code, output = folder.run()
    assert code == 0 and "no trial runs" in output
    assert time.monotonic() - started < 90
    assert len(folder.records()) == 9

    code, output = folder.run("--new")
    assert code == 0, output
    assert folder.rows(DONE) == [(12,)]


def test_check_prints_the_plan_and_runs_nothing(folder: Folder) -> None:
    code, output = folder.run("--check")
    assert code == 0, output
    assert "2 cells x 1 canaries x N = 3: 6 trials in 1 block" in output
    assert "generated tokens" in output and "minutes" in output
    assert not folder.home.exists() and not folder.processes()


def two_factors_in_a_cell(folder: Folder) -> None:
    folder.sweep["cells"] = [{"temperature": 0.5, "top_p": 0.5}]


def unknown_model(folder: Folder) -> None:
    folder.sweep["models"] = ["tinny"]


def missing_gguf(folder: Folder) -> None:
    folder.catalog["tiny"]["source"] = {"path": str(folder.path / "nowhere.gguf")}


def wrong_checksum(folder: Folder) -> None:
    folder.catalog["tiny"]["sha256"] = "0" * 64


def too_few_replicates(folder: Folder) -> None:
    folder.sweep["replicates"] = 2


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (two_factors_in_a_cell, ["demo.yml", "two factors"]),
        (unknown_model, ["demo.yml", "tinny", "tiny"]),
        (missing_gguf, ["nowhere.gguf"]),
        (wrong_checksum, ["tiny.gguf", "0" * 64]),
        (too_few_replicates, ["demo.yml", "replicates", "3"]),
    ],
)
def test_bad_input_names_the_thing_and_the_remedy_and_leaves_nothing(folder: Folder, spoil, named) -> None:
    spoil(folder)
    folder.write()
    code, output = folder.run()
    assert code != 0
    for word in named:
        assert word in output, output
    assert "Remedy" in output
    assert not list(folder.home.glob("trials/*/*")) and not folder.processes()


def test_an_unknown_host_is_an_error_that_names_it(folder: Folder) -> None:
    code, output = folder.run("-l", "gb01")
    assert code != 0 and "gb01" in output and "Remedy" in output and "--graph" in output


def test_a_port_in_use_is_an_error_that_names_it(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", folder.port)):
        code, output = folder.run()
    assert code != 0 and str(folder.port) in output and "Remedy" in output


def test_without_a_sandbox_nothing_runs(folder: Folder) -> None:
    code, output = folder.run("-e", "lab_sandbox=docker")
    assert code != 0 and "sandbox" in output and "Install bubblewrap" in output
    assert not folder.home.exists()


def test_a_planted_key_is_found_nowhere(folder: Folder) -> None:
    key = "sk-planted-3141592653589793"
    process = folder.start(OPENAI_API_KEY=key, LAB_API_KEY=key)
    seen = []
    while process.poll() is None:
        for one in folder.processes():
            if one.pid != process.pid:
                try:
                    seen.append(str(one.cmdline()) + str(one.environ()))
                except psutil.Error:
                    continue  # gone, which is no leak
        time.sleep(0.2)
    assert process.returncode == 0
    assert seen and not any(key in text for text in seen)
    for path in folder.path.rglob("*"):
        if path.is_file() and path.suffix != ".gguf":
            assert key.encode() not in path.read_bytes(), path

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor over real hosts: one that somebody holds with a model loaded, one open to the network, one that is lost,
one whose vault file does not open, and one whose variables lack something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.module_utils import keeper

from .stage import free_port

ROOT = Path(__file__).resolve().parents[3]
LAB = [sys.executable, str(ROOT / "scripts" / "lab")]
BIN = str(Path(sys.executable).parent)
EXIT_CODES = {"ok": 0, "unknown": 0, "warn": 1, "fail": 2}

pytestmark = pytest.mark.timeout(300)


class Lab:
    """A user's folder with these four hosts."""

    def __init__(self, path: Path, engine: Any) -> None:
        subprocess.run([*LAB, "init", str(path)], check=True, stdout=subprocess.DEVNULL)
        self.path = path
        self.inventory = path / "inventory"
        self.keeper_dir = str(path / "keeper")
        self.engine = engine
        local = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "lab_floor_bytes": 1,
            "lab_node_exporter_port": free_port(),
            "lab_engine_options": engine.options,
        }
        held = {
            "lab_engine_port": engine.port,
            "lab_keeper_dir": self.keeper_dir,
            "lab_expected": {"context_tokens": 4096, "kv_type": "q8_0"},
        }
        self.listener = ThreadingHTTPServer(("0.0.0.0", 0), BaseHTTPRequestHandler)
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        nowhere = {"ansible_host": "127.0.0.1", "ansible_port": free_port()}
        elsewhere = engine.options | {"state_dir": str(path / "other-engine")}
        public = {"lab_engine_port": self.listener.server_address[1], "lab_engine_options": elsewhere}
        hosts = {
            "odd": local | {"lab_base_url": "http://127.0.0.1:{{ lab_nobody_set_this }}"},
            "held": local | held,
            "open": local | public | {"lab_keeper_dir": str(path / "other")},
            "lost": nowhere | {"lab_engine_port": free_port()},
            "shut": local,
        }
        tree = {"llm_hosts": {"children": {"tier_lite": {"hosts": hosts}}}}
        (self.inventory / "hosts.yml").write_text(yaml.safe_dump(tree))
        self.vault = self.inventory / "host_vars" / "shut" / "vault.yml"
        self.vault.parent.mkdir(parents=True)
        self.vault.write_text("vault_lab_api_key: sk-sealed\n")
        password = path / "password"
        password.write_text("right\n")
        self.command("ansible-vault", "encrypt", "--vault-password-file", str(password), str(self.vault))
        password.unlink()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PATH": os.pathsep.join([BIN, os.environ["PATH"]]), "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(
            words, cwd=self.path, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def doctor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.command(*LAB, "doctor", *arguments)

    def report(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        done = self.doctor("--json", *arguments)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def lab(tmp_path: Path, llama_server: Any, tiny_gguf: Path) -> Iterator[Lab]:
    engine = llama_server(tiny_gguf, context_tokens=1024)
    made = Lab(tmp_path / "user", engine)
    terms = keeper.Terms("nightly@elsewhere", 600, 0, "llama_cpp", engine.base_url, engine.options)
    keeper.hold(made.keeper_dir, terms)
    yield made
    keeper.release(made.keeper_dir, "nightly@elsewhere")
    made.listener.shutdown()
    made.listener.server_close()


def lines_of(report: dict[str, Any], **wanted: str) -> list[dict[str, str]]:
    return [one for one in report["findings"] if all(one[key] == value for key, value in wanted.items())]


def test_every_pitfall_is_a_line_whatever_becomes_of_the_other_hosts(lab: Lab) -> None:
    code, report = lab.report()
    assert (code, report["exit_code"], report["verdict"]) == (2, 2, "fail")

    def only(host: str, check: str) -> dict[str, str]:
        (one,) = lines_of(report, host=host, check=check)
        return one

    assert "nightly@elsewhere" in only("held", "keeper")["evidence"] and only("held", "keeper")["verdict"] == "ok"
    assert only("held", "one_model")["evidence"] == "tiny is loaded"
    assert "1024 tokens, 4096 were asked for" in only("held", "context")["evidence"]
    assert only("held", "kv_type")["evidence"] == "f16, and sizes were counted with q8_0"
    assert only("held", "base_url")["verdict"] == "ok"
    assert only("held", "public_address")["verdict"] == "ok"
    assert only("open", "public_address")["verdict"] == "fail"
    assert f"port {lab.listener.server_address[1]}" in only("open", "public_address")["evidence"]
    assert only("lost", "reachable")["verdict"] == "fail"
    assert only("odd", "reachable")["verdict"] == "fail"
    assert "lab_nobody_set_this" in only("odd", "reachable")["evidence"]
    assert only("shut", "reachable")["evidence"] == f"it was not looked at: {lab.vault} does not open"
    assert (
        only("controller", "vault")["verdict"] == "fail" and str(lab.vault) in only("controller", "vault")["evidence"]
    )
    for one in report["findings"]:
        assert bool(one["remedy"]) == (one["verdict"] in ("warn", "fail")), one

    # It changed nothing.
    assert keeper.status(lab.keeper_dir)["owner"] == "nightly@elsewhere"
    assert [one.id for one in lab.engine.loaded()] == ["tiny"]

    written = json.loads((lab.path / "lab/reports/doctor/latest.json").read_text())
    assert written == report


def test_the_table_is_the_json_and_the_remedy_of_one_host_ends_its_failure(lab: Lab) -> None:
    code, report = lab.report("-l", "held")
    table = lab.doctor("-l", "held")
    assert code == table.returncode == EXIT_CODES[report["verdict"]] == 2
    shown = [line.split(None, 3) for line in table.stdout.splitlines()[1:-1]]
    named = {(one["host"], one["verdict"], one["check"]) for one in report["findings"]}
    assert {tuple(row[:3]) for row in shown if row[0] != "remedy:"} == named
    for one in report["findings"]:
        assert f"remedy: {one['remedy']}\n" in table.stdout or not one["remedy"]

    (context,) = lines_of(report, host="held", check="context")
    subprocess.run(["bash", "-c", context["remedy"]], check=True)
    deadline = time.monotonic() + 60
    while lab.engine.loaded():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    lab.vault.unlink()
    code, report = lab.report("-l", "held")
    assert code == EXIT_CODES[report["verdict"]] == 1, lines_of(report, verdict="fail")
    assert lines_of(report, check="node_exporter", verdict="warn")


def test_the_playbook_alone_shows_the_same_and_fails_where_something_fails(lab: Lab) -> None:
    failed = lab.command("ansible-playbook", str(ROOT / "playbooks/doctor.yml"), "-l", "held,open,lost")
    assert failed.returncode != 0
    report = json.loads((lab.path / "lab/reports/doctor/latest.json").read_text())
    for one in report["findings"]:
        assert one["evidence"] in failed.stdout and one["remedy"] in failed.stdout
    assert {one["host"] for one in report["findings"]} == {"controller", "held", "open", "lost"}

    before = (lab.path / "lab/reports/doctor/latest.json").read_bytes()
    checked = lab.command("ansible-playbook", str(ROOT / "playbooks/doctor.yml"), "-l", "open", "--check")
    assert "public_address" in checked.stdout
    assert (lab.path / "lab/reports/doctor/latest.json").read_bytes() == before


def test_hosts_may_be_named_with_commas_where_one_is_shut(lab: Lab) -> None:
    _code, report = lab.report("-l", "open,shut")
    assert {one["host"] for one in report["findings"]} == {"controller", "open", "shut"}


def test_an_inventory_that_does_not_open_at_all_is_reported_too(lab: Lab) -> None:
    lab.vault.rename(lab.inventory / "group_vars" / "all.yml")
    code, report = lab.report()
    assert code == 2
    assert {one["host"] for one in report["findings"]} == {"controller", "held", "open", "lost", "odd", "shut"}
    assert len(lines_of(report, check="reachable", verdict="fail")) == 5

    nothing = lab.doctor("-l", "typo")
    assert nothing.returncode == 2 and "typo" in nothing.stderr and not nothing.stdout

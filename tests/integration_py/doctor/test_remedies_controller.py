# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the controller or its end of a host, its remedy as it is printed, and the same check again."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.doctor import Examined, controller, ends, vault
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store

from .stage import Stage, free_port, heals

LATE = {"system": "Linux", "sent": "2026-11-23T12:00:00.000+00:00", "began": "2026-11-23T11:58:00.500+00:00"}
LATE |= {"ended": "2026-11-23T11:58:01.000+00:00", "received": "2026-11-23T12:00:01.500+00:00"}
VAULT = Path(sys.executable).with_name("ansible-vault")


def host(answer: dict[str, Any], port: int = 1, **changes: Any) -> Examined:
    told = {
        "name": "gb10", "tier": "full", "engine": "llama_cpp", "connection": "ssh", "address": "gb10.example.net",
        "user": "llm", "ssh_port": 2222, "base_url": f"http://127.0.0.1:{port}", "engine_port": 8137, "answer": answer,
    }  # fmt: skip
    return Examined(**(told | changes))


@heals("ansible_core", "pip")
def test_an_old_ansible_core_is_upgraded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(stage.program("python3")))
    (stage.bin / "python3").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >asked\n')
    stage.run(controller.ansible_core("2.18.9", "2.19.0").remedy)
    assert (stage.root / "asked").read_text() == "-m\npip\ninstall\nansible-core>=2.19.0\n"


@heals("sandbox", "bubblewrap")
@heals("sandbox", "namespaces")
@heals("sandbox", "docker")
def test_what_keeps_a_sandbox_from_starting_is_set_right(stage: Stage) -> None:
    for remedy, program in (("bubblewrap", "apt-get"), ("namespaces", "sysctl"), ("docker", "open")):
        stage.run(controller.SANDBOX.command(remedy))
        assert program in [call[0] for call in stage.calls()]
    assert controller.sandbox("docker:nowhere/nothing").remedy == controller.SANDBOX.command("docker")


@heals("store", "upgrade")
def test_a_store_of_a_later_version_asks_for_that_version(stage: Stage) -> None:
    file = stage.root / "lab/store.sqlite"
    with Store(f"sqlite:///{file}"):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO schema_version VALUES (999, 'tomorrow')")
    finding = controller.store(f"sqlite:///{file}")
    assert finding.verdict == "fail" and "999" in finding.evidence
    stage.run(finding.remedy)
    assert stage.calls()[-1] == ["ansible-galaxy", "collection", "install", "--upgrade", "local_llm.lab"]


def test_a_store_of_an_earlier_version_is_well(stage: Stage) -> None:
    file = stage.root / "lab/store.sqlite"
    with Store(f"sqlite:///{file}"):
        pass
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE schema_version SET version = 1")
    finding = controller.store(f"sqlite:///{file}")
    assert finding.verdict == "ok" and "earlier" in finding.evidence


@heals("store", "own")
@heals("store", "aside")
def test_a_store_of_another_version_is_put_aside(stage: Stage) -> None:
    file = stage.root / "lab/store.sqlite"
    url = f"sqlite:///{file}"
    with Store(url):
        pass
    assert controller.store(url).verdict == "ok"
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE loads DROP COLUMN resident_bytes")
        connection.execute("DROP TABLE pauses")
    finding = controller.store(url)
    assert (finding.verdict, "pauses, " in finding.evidence or "loads.resident_bytes" in finding.evidence) == (
        "fail",
        True,
    )
    stage.run(finding.remedy)
    assert controller.store(url).verdict == "ok" and file.with_name("store.sqlite.before").exists()

    file.write_text("no database, " * 100)
    finding = controller.store(url)
    assert finding.verdict == "fail"
    stage.run(finding.remedy)
    assert controller.store(url).verdict == "ok"
    stage.run(controller.mend_store(url))
    (chowned,) = (call for call in stage.calls() if call[0] == "chown")
    assert chowned[-1] == str(file.parent)


@heals("store", "service")
@heals("store", "remote")
@heals("store", "database")
def test_a_database_server_is_started_or_given_a_new_database(stage: Stage) -> None:
    stage.set(tunnels={"postgresql": free_port()})
    for address, program in (("localhost", "systemctl"), ("db.example.net", "ssh")):
        finding = controller.STORE.fail("x", controller.mend_store(f"postgresql://lab:secret@{address}:5432/lab"))
        assert "secret" not in finding.remedy
        stage.run(finding.remedy)
        assert program in [call[0] for call in stage.calls()]
    stage.run(controller.renew_store("postgresql://lab:secret@db.example.net/lab"))
    assert stage.calls()[-1] == ["createdb", "-h", "db.example.net", "-p", "5432", "-U", "lab", "lab_next"]


@heals("lab_home", "toolchain")
def test_what_can_be_built_again_makes_room(stage: Stage) -> None:
    home = stage.root / "lab"
    (home / "toolchain/0123").mkdir(parents=True)
    (home / "trials").mkdir()
    finding = controller.lab_home(str(home), free_bytes=1 << 20)
    assert finding.verdict == "fail"
    stage.run(finding.remedy)
    assert sorted(path.name for path in home.rglob("*")) == ["toolchain", "trials"]


def why_shut(path: Path) -> str | None:
    answer = subprocess.run(
        [str(VAULT), "view", str(path)], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    return answer.stderr if answer.returncode else None


@heals("vault", "password")
@heals("plaintext_keys", "seal")
def test_a_key_in_plain_text_is_sealed_and_opens_with_the_password(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{VAULT.parent}:{os.environ['PATH']}")
    inventory = stage.root / "inventory"
    file = inventory / "group_vars/tier_cloud/vault.yml"
    file.parent.mkdir(parents=True)
    file.write_text("vault_lab_api_key: sk-in-plain-text\ncompletion_tokens: 24\n")
    seen = vault.gather([str(inventory)], why_shut)
    finding = vault.plaintext_keys(seen)
    assert finding.verdict == "warn" and "vault_lab_api_key" in finding.evidence
    (stage.root / "right").write_text("right\n")
    stage.run(finding.remedy, ANSIBLE_VAULT_IDENTITY_LIST=f"prod@{stage.root}/right")
    seen = vault.gather([str(inventory)], why_shut)
    assert vault.plaintext_keys(seen).verdict == "ok"

    finding = vault.vault(seen)
    assert finding.verdict == "fail" and str(file) in finding.evidence and "sk-in" not in file.read_text()
    stage.run(f"( {finding.remedy}\n) <{stage.root}/right")
    monkeypatch.setenv("ANSIBLE_VAULT_IDENTITY_LIST", finding.remedy.split("LIST=")[1].split()[0])
    assert vault.vault(vault.gather([str(inventory)], why_shut)).verdict == "ok"


@heals("reachable", "ssh")
@heals("reachable", "python")
@heals("reachable", "left_out")
def test_a_host_that_is_not_reached_is_asked_why(stage: Stage) -> None:
    lost = ends.reachable(host({"unreachable": True, "msg": "No route to host"}))
    broken = ends.reachable(host({"failed": True, "msg": "python3: not found"}))
    for finding in (lost, broken):
        assert finding.verdict == "fail"
        stage.run(finding.remedy)
    assert [call[:4] for call in stage.calls()] == [["ssh", "-p", "2222", "llm@gb10.example.net"]] * 2
    stage.program("lab").write_text("#!/bin/sh\n")
    stage.run(ends.left_out("gb10", "vault.yml does not open").remedy)


@heals("clock", "linux")
@heals("clock", "darwin")
def test_a_clock_that_is_wrong_is_set(stage: Stage) -> None:
    for system, program in (("Linux", "timedatectl"), ("Darwin", "sntp")):
        finding = ends.clock(LATE | {"system": system})
        assert finding.verdict == "fail" and "119.5 s behind" in finding.evidence
        stage.run(finding.remedy)
        assert stage.calls()[-1][0] == program


@heals("base_url", "ssh")
def test_the_controllers_end_of_a_tunnel_is_brought_up(stage: Stage) -> None:
    port = free_port()
    finding = ends.look(host({"listening": True}, port))[2]
    assert (finding.check, finding.verdict) == ("base_url", "fail")
    stage.run(finding.remedy)
    assert ends.look(host({"listening": True}, port))[2].verdict == "ok"
    assert stage.calls()[-1][-1] == "ssh://llm@gb10.example.net:2222"


@heals("base_url", "address")
@pytest.mark.parametrize("url", ["http://127.0.0.1:81x8", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_shown(stage: Stage, url: str) -> None:
    finding = ends.look(host({"listening": False}, base_url=url))[2]
    assert (finding.check, finding.verdict) == ("base_url", "fail") and url in finding.evidence
    stage.program("ansible-inventory").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" >asked\n")
    stage.run(finding.remedy)
    assert (stage.root / "asked").read_text() == "--host\ngb10\n"

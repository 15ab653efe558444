# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clocks, two ends of a tunnel, secrets in an inventory, and the report of it all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.doctor import VERDICTS, Finding
from ansible_collections.local_llm.lab.plugins.module_utils.doctor.look import Reply
from ansible_collections.local_llm.lab.plugins.plugin_utils.doctor import Examined, Report, ends, lines, vault

SECONDS = st.floats(0, 30, allow_nan=False)
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@given(st.floats(-90, 90, allow_nan=False), SECONDS, SECONDS, SECONDS)
def test_the_true_skew_lies_between_the_bounds(skew: float, there: float, work: float, back: float) -> None:
    sent = datetime(2026, 11, 23, tzinfo=UTC)
    moments = {
        "sent": sent,
        "began": sent + timedelta(seconds=there + skew),
        "ended": sent + timedelta(seconds=there + work + skew),
        "received": sent + timedelta(seconds=there + work + back),
    }
    told = {name: moment.isoformat() for name, moment in moments.items()}
    least, most = ends.skew_bounds(told)
    assert least - 1e-5 <= skew <= most + 1e-5
    finding = ends.clock(told)
    if abs(skew) < 2:  # a slow connection never makes a right clock wrong
        assert finding.verdict == "ok"
    if abs(skew) - max(there, back) > 60.1:
        assert finding.verdict == "fail"


def examined(**changes: object) -> Examined:
    told = {
        "name": "gb10", "tier": "full", "engine": "llama_cpp", "connection": "ssh", "address": "gb10.example.net",
        "user": None, "ssh_port": 22, "base_url": "http://127.0.0.1:8138", "engine_port": 8137,
        "answer": {"listening": True},
    }  # fmt: skip
    return Examined(**(told | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("connection", "listening", "state", "verdict"),
    [
        ("ssh", True, "answers", "ok"),
        ("ssh", True, "refused", "fail"),
        ("ssh", True, "silent", "fail"),
        ("ssh", False, "silent", "ok"),  # the tunnel is there, nothing is loaded
        ("ssh", False, "refused", "fail"),  # no tunnel, loaded or not
        ("ssh", None, "refused", "fail"),
        ("local", False, "refused", "ok"),
        ("local", True, "refused", "fail"),
    ],
)
def test_a_tunnel_that_is_down_is_told_from_an_engine_that_has_nothing_loaded(
    connection: str, listening: bool | None, state: str, verdict: str
) -> None:
    host = examined(connection=connection, answer={"listening": listening})
    finding = ends.base_url(host, 8138, Reply(state, "x"))
    assert finding.verdict == verdict
    assert ("-L 127.0.0.1:8138:127.0.0.1:8137" in finding.remedy) == (verdict == "fail")


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("lab_api_key: sk-123", True),
        ('  "api_token": "abc"', True),
        ("db_password=hunter2", True),
        ("lab_api_key: '{{ vault_lab_api_key }}'", False),
        ('lab_api_key: "{{ vault_lab_api_key }}"', False),
        ("lab_api_key: {{ vault_lab_api_key }}", False),
        ("lab_api_key: !vault |", False),
        ("completion_tokens: 24", False),
        ("token: 17", False),
        ("lab_api_key:", False),
        ("# lab_api_key: sk-123", False),
        ("lab_api_key: null", False),
        ("gb10 ansible_host=10.0.0.1 ansible_password=hunter2", True),
        ("gb10 ansible_become_pass='hunter 2' x=1", True),
        ("gb10 ansible_password={{ vault_password }}", False),
        ("lab: {api_key: sk-123}", True),
        ('lab: {"url": "http://x", "api_key": "sk-123"}', True),
        ("lab: {api_key: '{{ vault_lab_api_key }}', tokens: 4}", False),
        ("lab_api_key: >-\n  sk-123", True),
        ("lab_api_key: |\n  {{ vault_lab_api_key }}", False),
        ("lab_api_key: !unsafe sk-123", True),
        ("lab_store_url: postgresql://lab:hunter2@db.example.net/lab", True),
        ('lab_store_url: "postgresql://lab:{{ vault_password }}@db/lab"', False),
        ("lab_store_url: postgresql://lab@db.example.net:5432/lab", False),
        ("lab_api_key: \"{{ lookup('x', token=y) }}\"", False),
        ("other: x # lab_api_key: sk-123", False),
        ("; ansible_password=hunter2", False),
        ("lab_api_key_file: /home/lab/key", False),
    ],
)
def test_a_secret_in_plain_text_is_told_from_a_reference(line: str, secret: bool) -> None:
    found = vault.plain_secrets(f"a: 1\n{line}\n")
    assert bool(found) == secret
    assert not any(value in name for name in found for value in ("sk-123", "hunter"))


@given(st.text())
def test_no_inventory_breaks_the_search(text: str) -> None:
    vault.plain_secrets(text)
    vault.label_of(text)


def test_sealed_values_and_files_are_found_with_their_labels(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "host_vars").mkdir()
    (folder / "hosts.yml").write_text("all: {}\n")
    (folder / "host_vars/a.yml").write_text("$ANSIBLE_VAULT;1.2;AES256;prod\n6162\n")
    sealed = "key: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n  6364\nother: 1\n"
    (folder / "host_vars/b.yml").write_text(sealed)
    asked: list[str] = []

    def opens(path: Path) -> str | None:
        asked.append(path.read_text())
        return "no password"

    seen = vault.gather([str(folder / "hosts.yml")], opens)
    assert [(one.path.name, one.label, one.whole) for one in seen.sealed] == [
        ("a.yml", "prod", True),
        ("b.yml", "default", False),
    ]
    assert asked[1] == "$ANSIBLE_VAULT;1.1;AES256\n6162\n6364\n"
    assert vault.vault(seen).verdict == "fail" and not seen.plain


FINDINGS = st.builds(
    Finding,
    WORDS,
    st.sampled_from(VERDICTS),
    st.text(st.characters(codec="ascii", categories=["L", "P"]), min_size=1),
    st.just("run this"),
)


@given(st.dictionaries(WORDS, st.lists(FINDINGS, max_size=4), max_size=4))
def test_the_table_has_what_the_json_has(hosts: dict[str, list[Finding]]) -> None:
    report = Report(hosts).as_dict()
    table = list(lines(report))
    rows = [line for line in table[1:-1] if "remedy: " not in line]
    assert len(rows) == len(report["findings"])
    for row, one in zip(rows, report["findings"], strict=True):
        assert row.split(None, 3) == [one["host"], one["verdict"], one["check"], one["evidence"]]
    verdicts = {one["verdict"] for one in report["findings"]}
    assert report["exit_code"] == (2 if "fail" in verdicts else 1 if "warn" in verdicts else 0)

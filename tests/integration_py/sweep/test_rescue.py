# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep whose model calls no tool under the template that was asked for."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.local_llm.lab.tests.fakes.tiny_gguf import CALL_TEMPLATE, CHAT_TEMPLATE

from .conftest import Folder

pytestmark = pytest.mark.timeout(400)


def test_its_trials_run_with_the_template_that_works_and_the_card_names_it(folder: Folder) -> None:
    (folder.inventory / "plain.jinja").write_text(CHAT_TEMPLATE)
    (folder.inventory / "calls.jinja").write_text(CALL_TEMPLATE)
    folder.catalog["tiny"] |= {"chat_template": "plain.jinja", "chat_templates": ["calls.jinja"]}
    folder.sweep["factors"] = {}
    folder.write()
    code, output = folder.run()
    assert code == 0, output
    assert "calls a tool failed, trying the chat template calls.jinja" in output
    assert folder.rows("SELECT state FROM cells") == [("complete",)]
    applied = {record["applied"]["template_sha256"] for record in folder.records()}
    assert applied == {hashlib.sha256(CALL_TEMPLATE.encode()).hexdigest()}
    assert all(record["tool_calls"] for record in folder.records())
    reports = folder.home / "reports" / "trial" / "1"
    (smoke, *_again) = json.loads((reports / "card-tiny.json").read_text())["measured"]["smokes"]
    assert smoke["settings"]["chat_template_name"] == "calls.jinja"
    assert "calls.jinja" in (reports / "card-tiny.md").read_text()
    assert not folder.processes()

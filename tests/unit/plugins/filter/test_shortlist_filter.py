# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter as its own documentation shows it, and what it says to somebody who calls it wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.local_llm.lab.plugins.filter import shortlist as plugin

FILTER = plugin.FilterModule().filters()["shortlist"]
SIDECAR = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text())
TASK = yaml.safe_load(SIDECAR["EXAMPLES"])[0]
MODELS, HOSTS = TASK["vars"]["lab_models"], TASK["vars"]["lab_hosts"]


def test_the_example_says_what_the_documentation_says_it_does() -> None:
    lines = FILTER(MODELS, HOSTS, context_tokens=32768)["lines"]
    shown = SIDECAR["EXAMPLES"].partition('"msg": [')[2]
    assert len(lines) == 3
    for line in lines:
        assert f'"{line}"' in shown


def test_every_key_it_returns_is_documented() -> None:
    made = FILTER(MODELS, HOSTS, context_tokens=32768)
    documented = SIDECAR["RETURN"]["_value"]["contains"]
    assert set(made) == set(documented)
    assert set(made["rows"][0]) == set(documented["rows"]["contains"])


@pytest.mark.parametrize(
    "models, hosts, asked, says",
    [
        (MODELS, HOSTS, {}, "No context is asked for"),
        (MODELS, HOSTS, {"context_tokens": 1024, "kv_typ": "f16"}, "unknown key 'kv_typ'"),
        (MODELS, [{"name": "h"}], {"context_tokens": 1024}, "host_capacity_info"),
        ("gb10", HOSTS, {"context_tokens": 1024}, "a list of models"),
        (MODELS, 7, {"context_tokens": 1024}, "a list of hosts"),
    ],
)
def test_a_wrong_call_is_answered_with_what_is_wrong(models: Any, hosts: Any, asked: dict[str, Any], says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        FILTER(models, hosts, **asked)

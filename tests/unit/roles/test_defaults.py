# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's documented options are the options it has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
ROLES = sorted(CHECKOUT.glob("roles/*"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_documented_defaults_are_the_defaults(role: Path) -> None:
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    for entry_point in specs.values():
        assert {name: option.get("default") for name, option in entry_point["options"].items()} == defaults


def test_what_the_llama_cpp_role_installs_is_what_the_tests_run() -> None:
    version = yaml.safe_load((CHECKOUT / "roles/llama_cpp/defaults/main.yml").read_text())["llama_cpp_version"]
    assert f"xllamacpp=={version}\n" in (CHECKOUT / "tests/requirements.txt").read_text()

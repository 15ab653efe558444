# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sweep asks an engine before it tries: what would be ignored is named."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import Capabilities, Settings, ignored

FIXED = Capabilities(load=True, context=True)


@pytest.mark.parametrize(
    "load, named",
    [
        ({"kv_type": "f16", "parallel": 1, "flash_attention": "auto"}, None),
        ({"context_tokens": 4096}, None),
        ({"kv_type": "q8_0"}, "kv_type = q8_0"),
        ({"parallel": 4}, "parallel = 4"),
        ({"flash_attention": "on"}, "flash_attention"),
        ({"experts_used": 2}, "experts_used"),
        ({"speculative": "draft", "draft_path": "d.gguf"}, "speculative = draft"),
        ({"speculative": "off", "draft_path": ""}, None),
        ({"chat_template": "{{ messages }}"}, "the model's own"),
    ],
)
def test_what_cannot_be_set_per_load_is_named(load: dict[str, Any], named: str | None) -> None:
    said = ignored(FIXED, Settings(), load)
    assert said is None if named is None else named in str(said)


def test_what_the_server_is_configured_with_may_be_asked_for() -> None:
    serves = Settings(kv_type="q8_0", parallel=2)
    assert ignored(FIXED, serves, {"kv_type": "q8_0", "parallel": 2}) is None
    assert "serves with q8_0" in str(ignored(FIXED, serves, {"kv_type": "f16"}))


def test_a_cloud_takes_no_load_config_but_the_plain_one() -> None:
    plain = {"context_tokens": 8192, "kv_type": "f16", "parallel": 1, "flash_attention": "auto", "chat_template": None}
    assert ignored(Capabilities(), Settings(), plain) is None
    assert "kv_type" in str(ignored(Capabilities(), Settings(), plain | {"kv_type": "q8_0"}))

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine options are read as an inventory writes them, and what makes no sense is named."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.engines import EngineError, connect

URL = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("options", "settled"),
    [
        ({}, (None, None, None)),
        ({"kv_type": "", "flash_attention": "", "parallel": ""}, (None, None, None)),
        ({"kv_type": "q8_0", "flash_attention": True, "parallel": "4"}, (4, "q8_0", "on")),
        ({"flash_attention": False}, (None, None, "off")),
        ({"flash_attention": "auto", "parallel": 1}, (1, None, "auto")),
    ],
)
def test_what_ollama_does_not_tell_is_taken_from_the_inventory(options: dict[str, Any], settled: Any) -> None:
    settings = connect("ollama", URL, options).settings()
    assert (settings.parallel, settings.kv_type, settings.flash_attention) == settled


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"parallel": "many"}, "parallel = 'many'"),
        ({"parallel": 0}, "parallel = '0'"),
        ({"kv_type": "q5_1"}, "kv_type = 'q5_1' is none of f16"),
        ({"flash_attention": "yes"}, "flash_attention = 'yes'"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(EngineError, match=f"{said}.*lab_engine_options"):
        connect("ollama", URL, options)


@pytest.mark.parametrize("url", ["https://127.0.0.1:11434", "127.0.0.1:11434", "http://"])
def test_an_address_that_is_none_of_ollamas_is_named(url: str) -> None:
    with pytest.raises(EngineError, match="not an address of Ollama"):
        connect("ollama", url, {})


@pytest.mark.parametrize(
    ("processes", "names"), [(None, ("llama-server", "ollama")), ("mine", ("mine",)), (["a", "b"], ("a", "b"))]
)
def test_the_programs_to_end_when_it_does_not_answer_are_known(processes: Any, names: tuple[str, ...]) -> None:
    assert connect("ollama", URL, {"processes": processes}).processes == names

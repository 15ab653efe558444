# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What two hosts must have in common for their trials to be replicates."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.errors import HostsDiffer
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.stack import stacks


def host(name: str, **more: Any) -> dict[str, Any]:
    plain = {"name": name, "engine": "ollama", "engine_build": "0.20.1", "gpu": "NVIDIA GB10", "total_bytes": 128 << 30}
    return plain | more


def test_hosts_of_one_class_have_one_stack() -> None:
    (stack,) = list(stacks([host("one", driver="580.142"), host("two", driver="580.142")]).values())
    assert (stack["engine"], stack["engine_build"], stack["driver"]) == ("ollama", "0.20.1", "580.142")


def test_a_host_without_a_gpu_has_no_driver_in_its_stack() -> None:
    (stack,) = list(stacks([host("one", driver=None)]).values())
    assert "driver" not in stack


def test_another_driver_is_another_stack_and_the_message_names_both() -> None:
    with pytest.raises(HostsDiffer, match=r"two serves with 0.20.1 on driver 590.1, .* with 0.20.1 on driver 580.142"):
        stacks([host("one", driver="580.142"), host("two", driver="590.1")])

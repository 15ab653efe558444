# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop over a plan, to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.agent import Agent, Ending
from ansible_collections.local_llm.lab.tests.fakes import played_model
from ansible_collections.local_llm.lab.tests.fakes.played_model import Model


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., tuple[Ending, Agent, Model]]:
    return lambda *arguments: played_model.play(tmp_path, *arguments)

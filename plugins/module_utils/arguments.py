# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module arguments that several modules share; documented in the fragment `local_llm.lab.engine`."""

from __future__ import annotations

from typing import Any

from .engines import ENGINES

ENGINE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "engine": {"type": "str", "required": True, "choices": sorted(ENGINES)},
    "base_url": {"type": "str", "required": True},
    "engine_options": {"type": "dict", "default": {}},
}

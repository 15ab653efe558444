# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LM Studio over its OpenAI-compatible endpoint: its own `/api/v1/chat` takes no custom tools.

`reasoning_effort` there is not in its documentation. Later releases take none, low, medium and high and turn it into
the model's own setting, or log a warning and go on where the model has none; before, it was ignored (its bug tracker,
988). So what counts is what was read back: the reasoning that came.
"""

from __future__ import annotations

from .base import Dialect


class LmStudio(Dialect):
    """OpenAI's shape throughout. A setting of its says whether reasoning comes in a field of its own or in the text."""

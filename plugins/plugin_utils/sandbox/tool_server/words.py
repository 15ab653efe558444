# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools share: the places inside, and how a refusal and a long text are worded."""

from __future__ import annotations

WORKSPACE = "/workspace"
ORIGIN = "/origin.git"
START = "/opt/lab/start"
MAX_CHARS = 10_000


class Refused(Exception):
    """A tool's own error, worded for the model."""


def cut(text: str, max_chars: int, total_chars: int | None = None) -> str:
    """The text, its middle replaced by a notice when it is longer than allowed."""
    total_chars = len(text) if total_chars is None else total_chars
    if total_chars <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n[... {total_chars - 2 * half} characters cut ...]\n{text[-half:]}"


def shown(name: str) -> str:
    """A file's name as it can be written into any text, whatever bytes it is made of."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

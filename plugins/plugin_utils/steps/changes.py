# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a step writes, or in check mode would write, and what that changes in them."""

from __future__ import annotations

from pathlib import Path

from ...module_utils.files import write_whole

# What changes in these is read by a person; of a page or a JSON file it is enough that they change.
SHOWN = (".md", ".yml")


class Changes:
    """Writes what differs from what is there; with `check` it only notes it."""

    def __init__(self, check: bool) -> None:
        self._check = check
        self.changed: list[Path] = []
        self.diff: list[dict[str, str]] = []

    def write(self, path: Path, content: bytes) -> None:
        before = path.read_bytes() if path.exists() else None
        if before == content:
            return
        self.changed.append(path)
        if path.suffix in SHOWN:
            self.diff.append(
                {
                    "before": (before or b"").decode(errors="replace"),
                    "after": content.decode(errors="replace"),
                    "before_header": str(path),
                    "after_header": str(path),
                }
            )
        if not self._check:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)

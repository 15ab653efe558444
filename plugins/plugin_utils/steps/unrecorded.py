# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A smoke outside a generation: what it would keep in the store is not kept."""

from __future__ import annotations

from types import TracebackType
from typing import Any


class Unrecorded:
    """What `gate` writes, written nowhere; nothing was planned and nothing smoked before."""

    def __enter__(self) -> Unrecorded:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def add_load(self, *_where: Any, **_what: Any) -> None:
        pass

    def add_smoke(self, *_where: Any, **_what: Any) -> None:
        pass

    def close_cells(self, *_where: Any, **_what: Any) -> int:
        return 0

    def set_cell_state(self, *_where: Any, **_what: Any) -> None:
        pass

    def block_cells(self, *_where: Any) -> list[dict[str, Any]]:
        return []

    def last_smoke(self, *_where: Any) -> dict[str, Any] | None:
        return None

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module and notes the controller's time around it, so that the two clocks can be compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        sent = _utc()
        answer: dict[str, Any] = self._execute_module(task_vars=task_vars)
        if "clock" in answer:
            answer["clock"] |= {"sent": sent, "received": _utc()}
        return result | answer


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

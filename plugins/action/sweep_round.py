# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds a host's next block, or looks at what was recorded; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import STORE_OPTIONS, SWEEP_OPTIONS
from ..plugin_utils.steps.rounds import Request, next_block


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                **SWEEP_OPTIONS,
                **STORE_OPTIONS,
                "generation_id": {"type": "int", "required": True},
                "session": {"type": "str", "required": True},
                "host": {"type": "str", "required": True},
            }
        )[1]
        try:
            return result | next_block(Request(**arguments), Display().display)
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

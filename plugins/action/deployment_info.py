# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a decision means for a host; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import DEPLOYED_HOST_OPTIONS
from ..plugin_utils.steps.deployment import planned


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                "lab_home": {"type": "path", "required": True},
                "catalog": {"type": "path", "required": True},
                "decision": {"type": "path", "required": True},
                "duty": {"type": "str", "choices": ["builder", "reviewer", "wake_filter"], "default": "builder"},
                "rollback": {"type": "bool", "default": False},
                "host": {"type": "dict", "required": True, "options": DEPLOYED_HOST_OPTIONS},
            }
        )[1]
        try:
            return result | planned(**arguments)
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the sweep file of a challenge; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.steps.challenging import plan


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                "lab_home": {"type": "path", "required": True},
                "catalog": {"type": "path", "required": True},
                "model": {"type": "str", "required": True},
                "hosts": {"type": "list", "elements": "str", "required": True},
            }
        )[1]
        try:
            return result | plan(**arguments, check=self._task.check_mode)
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

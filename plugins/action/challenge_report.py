# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what a challenge came to; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import STORE_OPTIONS
from ..plugin_utils.steps.challenging import report


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                **STORE_OPTIONS,
                "sweep": {"type": "str", "required": True},
                "hosts": {"type": "list", "elements": "str", "required": True},
            }
        )[1]
        try:
            return result | report(arguments["store_url"], arguments["sweep"], arguments["hosts"])
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

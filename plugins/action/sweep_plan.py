# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the trials of a sweep; see the module of the same name for its documentation."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import HOST_OPTIONS, STORE_OPTIONS, SWEEP_OPTIONS
from ..plugin_utils.steps.prepare import Request, prepare, preview


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                **SWEEP_OPTIONS,
                **STORE_OPTIONS,
                "generation": {"type": "str", "choices": ["continue", "new"], "default": "continue"},
                "hosts": {"type": "list", "elements": "dict", "required": True, "options": HOST_OPTIONS},
                "script": {"type": "dict"},
            }
        )[1]
        request = Request(**arguments)
        try:
            # This worker is a child of ansible-playbook, whose life is the session's.
            return result | (preview(request) if self._task.check_mode else prepare(request, pid=os.getppid()))
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

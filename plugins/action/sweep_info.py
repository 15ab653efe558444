# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a sweep before anything is touched; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import SANDBOX_OPTION, STORE_OPTIONS, SWEEP_OPTIONS
from ..plugin_utils.steps.inspect import inspect


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = {**SWEEP_OPTIONS, **SANDBOX_OPTION, "lab_home": STORE_OPTIONS["lab_home"]}
        arguments = self.validate_argument_spec(options)[1]
        try:
            return result | inspect(**arguments, tell=None if self._task.check_mode else Display().display)
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

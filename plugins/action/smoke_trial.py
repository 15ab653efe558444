# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one canary on a loaded model; see the module of the same name for its documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import SANDBOX_OPTION
from ..plugin_utils.deploy.trial import Target, smoke_trial, why_not


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                **SANDBOX_OPTION,
                "lab_home": {"type": "path", "required": True},
                "canary": {"type": "str", "default": "hello_file"},
                "canary_folders": {"type": "list", "elements": "path", "default": []},
                "engine": {"type": "str", "required": True},
                "base_url": {"type": "str", "required": True},
                "api_key": {"type": "str", "no_log": True},
                "instance_id": {"type": "str", "required": True},
                "window_tokens": {"type": "int", "required": True, "no_log": False},
                "chat": {"type": "dict", "required": True},
                "script": {"type": "dict"},
            }
        )[1]
        names = ("engine", "base_url", "api_key", "instance_id", "window_tokens", "chat")
        target = Target(host=str((task_vars or {})["inventory_hostname"]), **{name: arguments[name] for name in names})
        try:
            record = smoke_trial(
                Path(arguments["lab_home"]),
                target,
                arguments["canary"],
                arguments["canary_folders"],
                arguments["sandbox"],
                arguments["script"],
                Display().display,
            )
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None
        shown = ("outcome", "ceiling", "detail", "turns", "generated_tokens", "wall_seconds", "not_applied", "folder")
        result |= {name: record.get(name) for name in shown}
        if why := why_not(record):
            result |= {"failed": True, "msg": f"{why}. Remedy: read the transcript in {record['folder']}."}
        return result

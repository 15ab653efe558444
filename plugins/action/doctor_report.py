# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the controller and reports on every host; see the module of the same name for its documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.files import write_whole
from ..plugin_utils.arguments import SANDBOX_OPTION, STORE_OPTIONS
from ..plugin_utils.doctor import Examined, examine, lines

HOST_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "tier": {"type": "str", "required": True},
    "engine": {"type": "str", "required": True},
    "connection": {"type": "str", "required": True},
    "address": {"type": "str", "required": True},
    "user": {"type": "str"},
    "ssh_port": {"type": "int", "default": 22},
    "base_url": {"type": "str", "required": True},
    "engine_port": {"type": "int", "required": True},
    "answer": {"type": "dict", "required": True},
}
OPTIONS: dict[str, Any] = {
    **STORE_OPTIONS,
    **SANDBOX_OPTION,
    "inventory_sources": {"type": "list", "elements": "path", "default": []},
    "hosts": {"type": "list", "elements": "dict", "required": True, "options": HOST_OPTIONS},
    "left_out": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(OPTIONS)[1]
        report = examine(
            hosts=[Examined(**host) for host in arguments["hosts"]],
            left_out=arguments["left_out"],
            sources=arguments["inventory_sources"],
            opens=self._why_shut,
            store_url=arguments["store_url"],
            home=arguments["lab_home"],
            sandbox=arguments.get("sandbox"),
        ).as_dict()
        file = Path(arguments["lab_home"]) / "reports" / "doctor" / "latest.json"
        if not self._task.check_mode:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(report, indent=2).encode() + b"\n")
        shown = list(lines(report))
        for line in shown:
            Display().display(line)  # not as a result, which would be wrapped: remedies are there to be copied
        return result | {"changed": False, "report": report, "file": str(file), "lines": shown}

    def _why_shut(self, path: Path) -> str | None:
        """Opened with the passwords of this very run, whichever way they were given."""
        try:
            self._loader.get_text_file_contents(str(path))
        except AnsibleError as error:
            return str(error.message).partition("\n")[0]
        return None

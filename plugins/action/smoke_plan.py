# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names what is to be smoked outside a generation; see the module of the same name for its documentation."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.deploy.loading import to_smoke


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                "sweep": {"type": "path", "required": True},
                "catalog": {"type": "path", "required": True},
                "lab_home": {"type": "path", "required": True},
                "model": {"type": "str"},
                "engine": {"type": "str", "required": True},
            }
        )[1]
        host = str((task_vars or {})["inventory_hostname"])
        try:
            blocks = to_smoke(
                Path(arguments["catalog"]), Path(arguments["sweep"]), arguments["model"], arguments["engine"], host
            )
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None
        home = Path(arguments["lab_home"]).resolve()
        named = ", ".join(one["model"] for one in blocks) or "no model, for a cloud serves its own and a host files"
        return result | {
            "blocks": blocks,
            "owner": f"smoke by {getpass.getuser()}@{socket.gethostname()}:{home}",
            "lines": [f"{host}: to be smoked: {named}"],
        }

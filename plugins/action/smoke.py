# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records a load and smokes the model; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import BLOCK_OPTIONS, STORE_OPTIONS
from ..plugin_utils.steps.gate import Access, gate


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                **STORE_OPTIONS,
                **BLOCK_OPTIONS,
                "generation_id": {"type": "int", "default": 0},
                "loaded": {"type": "dict", "required": True},
                "keeper": {"type": "dict"},
            }
        )[1]

        def breach() -> dict[str, Any] | None:
            if not arguments["keeper"]:
                return None
            options = {**arguments["keeper"], "state": "status"}
            answer: dict[str, Any] = self._execute_module("local_llm.lab.keeper", options, task_vars=task_vars)
            if answer.get("failed"):
                raise AnsibleActionFail(answer["msg"], result=answer)
            found: dict[str, Any] | None = answer["keeper"]["breach"]
            return found

        access = Access(arguments["base_url"], arguments["api_key"], breach)
        try:
            return result | gate(
                arguments["store_url"], arguments["generation_id"], arguments["block"], arguments["loaded"], access
            )
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

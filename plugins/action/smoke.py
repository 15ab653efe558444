# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records a load and smokes the model; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import BLOCK_OPTIONS, STORE_OPTIONS
from ..plugin_utils.smoke.talk import NotReloaded, Settings
from ..plugin_utils.steps.gate import Access, gate

# With the settings that a model is rescued with, a load and its smoke begin anew.
HOLD_SECONDS = 1800


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
                "model": {"type": "dict"},
                "keeper": {"type": "dict"},
                "memory_bandwidth_bytes_per_second": {"type": "int"},
            }
        )[1]

        def keeper(**options: Any) -> dict[str, Any]:
            asked = {**arguments["keeper"], **options}
            answer: dict[str, Any] = self._execute_module("local_llm.lab.keeper", asked, task_vars=task_vars)
            if answer.get("failed"):
                raise AnsibleActionFail(answer["msg"], result=answer)
            reading: dict[str, Any] = answer["keeper"]
            return reading

        def breach() -> dict[str, Any] | None:
            found: dict[str, Any] | None = keeper(state="status")["breach"] if arguments["keeper"] else None
            return found

        def reload(settings: Settings) -> str:
            if not arguments["model"]:
                raise NotReloaded("nothing is known of how to load the model anew")
            if arguments["keeper"]:
                keeper(state="held", deadline_seconds=HOLD_SECONDS, loading=True)
            template = {"chat_template": settings["chat_template"]} if "chat_template" in settings else {}
            asked = {**arguments["model"], **template}
            answer = self._execute_module("local_llm.lab.model", asked, task_vars=task_vars)
            if answer.get("error_type") in ("LoadFailed", "OptionUnsupported"):
                raise NotReloaded(answer["msg"])
            if answer.get("failed"):
                raise AnsibleActionFail(answer["msg"], result=answer)
            if not answer["admitted"]:
                raise NotReloaded(answer["reason"])
            return str(answer["instance"]["id"])

        access = Access(
            arguments["base_url"],
            arguments["api_key"],
            breach,
            reload,
            Display().display,
            arguments["memory_bandwidth_bytes_per_second"],
        )
        try:
            return result | gate(
                arguments["store_url"], arguments["generation_id"], arguments["block"], arguments["loaded"], access
            )
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the trials of one block; see the module of the same name for its documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import BLOCK_OPTIONS, SANDBOX_OPTION, STORE_OPTIONS
from ..plugin_utils.store import Store
from ..plugin_utils.worker.worker import Actions, Block, Worker


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(
            {
                **STORE_OPTIONS,
                **BLOCK_OPTIONS,
                "generation_id": {"type": "int", "required": True},
                **SANDBOX_OPTION,
                "session": {"type": "str", "required": True},
                "script": {"type": "dict"},
                "model": {"type": "dict", "required": True},
                "instance_id": {"type": "str", "required": True},
                "settings": {"type": "dict", "default": {}},
                "keeper": {"type": "dict"},
            }
        )[1]

        def call(module: str, options: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = self._execute_module(module, options, task_vars=task_vars)
            if answer.get("failed"):
                raise AnsibleActionFail(answer["msg"], result=answer)
            return answer

        def renew(deadline_seconds: int, loading: bool) -> dict[str, Any]:
            if not arguments["keeper"]:
                return {}
            terms = {"state": "held", "deadline_seconds": deadline_seconds, "loading": loading}
            held = {**arguments["keeper"], **terms}
            reading: dict[str, Any]
            try:
                reading = call("local_llm.lab.keeper", held)["keeper"]
            except AnsibleActionFail:
                # Still below the floor it cannot be held again, but it has a breach to tell: a result, not an error.
                reading = call("local_llm.lab.keeper", {**arguments["keeper"], "state": "status"})["keeper"]
                if (reading.get("breach") or {}).get("kind") != "floor":
                    raise
            return reading

        def reload() -> None:
            template = {key: value for key, value in arguments["settings"].items() if key == "chat_template"}
            answer = call("local_llm.lab.model", {**arguments["model"], **template})
            if not answer["admitted"]:
                raise AnsibleActionFail(f"The model cannot be loaded again: {answer['reason']}.", result=answer)

        actions = Actions(renew=renew, reload=reload, tell=Display().display)
        block = Block.from_plan(
            arguments["block"],
            generation_id=arguments["generation_id"],
            base_url=arguments["base_url"],
            api_key=arguments["api_key"],
            sandbox=arguments["sandbox"],
            script=arguments["script"],
            instance_id=arguments["instance_id"],
            settings=arguments["settings"],
        )
        try:
            with Store(arguments["store_url"]) as store:
                worker = Worker(store, Path(arguments["lab_home"]), block, arguments["session"], actions)
                return result | {"outcomes": worker.run(), "changed": True}
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

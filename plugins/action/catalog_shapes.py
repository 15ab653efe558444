# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the catalog and keeps its models' shapes; see the module of the same name for its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils.errors import LabError
from ..plugin_utils.arguments import STORE_OPTIONS, SWEEP_OPTIONS
from ..plugin_utils.steps.catalog import catalog_shapes


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        options = {
            "catalog": SWEEP_OPTIONS["catalog"],
            "lab_home": STORE_OPTIONS["lab_home"],
            "hub_url": {"type": "str", "default": "https://huggingface.co/{repo}/resolve/{revision}/{file}"},
            "read": {"type": "list", "elements": "dict", "default": []},
        }
        arguments = self.validate_argument_spec(options)[1]
        try:
            return result | catalog_shapes(**arguments, write=not self._task.check_mode)
        except LabError as error:
            raise AnsibleActionFail(str(error)) from None

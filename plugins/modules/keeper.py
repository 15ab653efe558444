#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keeper
short_description: Hold an LLM host, so that one owner at a time loads models on it
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Starts, renews and ends the keeper, one detached process on the host. It holds a lock, samples the memory each
    second, and past O(deadline_seconds) or below O(floor_bytes) unloads everything, records why, and lets go.
  - The same owner may hold again at once, which renews the deadline. Anybody else fails, with the owner and the
    deadline in the message.
  - A keeper that is killed takes its lock with it.
options:
  state:
    description: Whether to hold or renew, to let go, or only to ask.
    type: str
    choices: [held, released, status]
    default: held
  owner:
    description: Who holds the host. Needed but for O(state=status).
    type: str
  deadline_seconds:
    description: For how long from now. Needed for O(state=held).
    type: int
  floor_bytes:
    description: Available memory below which everything is unloaded.
    type: int
    default: 0
  keeper_dir:
    description: The keeper's folder on the host; the same for everybody who uses the host.
    type: path
    required: true
extends_documentation_fragment:
  - local_llm.lab.engine
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.model
"""

EXAMPLES = r"""
- name: Hold the host for half an hour
  local_llm.lab.keeper: &keeper
    engine: llama_cpp
    base_url: http://127.0.0.1:8137
    engine_options:
      python: /var/lib/local_llm_lab/engines/llama_cpp/bin/python
      state_dir: /var/lib/local_llm_lab/engines/state
    keeper_dir: /var/tmp/local_llm_lab/gb10
    owner: nightly@controller
    deadline_seconds: 1800
    floor_bytes: 4294967296

- name: Let it go
  local_llm.lab.keeper:
    <<: *keeper
    state: released
"""

RETURN = r"""
keeper:
  description: The keeper now.
  returned: success
  type: dict
  contains:
    held:
      description: Whether anybody holds the host.
      type: bool
    owner:
      description: Who; null when nobody does.
      type: str
    pid:
      description: The keeper's process.
      type: int
    deadline:
      description: When it unloads and lets go, UTC.
      type: str
    lowest_available_bytes:
      description: The lowest available memory seen since the last renewal.
      type: int
    breach:
      description: >-
        Why the last hold was ended by the keeper itself, else null; C(kind) is V(floor) or V(deadline), C(unloaded)
        what was unloaded.
      type: dict
  sample:
    held: true
    owner: nightly@controller
    pid: 4242
    deadline: "2026-11-23T12:30:00.000Z"
    lowest_available_bytes: 91268055040
    breach: null
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.arguments import ENGINE_ARGUMENTS
from ..module_utils.errors import LabError
from ..module_utils.keeper import Terms, hold, release, status


def result(arguments: dict[str, Any], check: bool) -> tuple[bool, dict[str, Any]]:
    folder = arguments["keeper_dir"]
    if arguments["state"] == "status":
        return False, status(folder)
    if arguments["state"] == "released":
        return release(folder, arguments["owner"], check)
    return hold(folder, Terms(**{name: arguments[name] for name in Terms.__dataclass_fields__}), check)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ENGINE_ARGUMENTS,
            "state": {"type": "str", "choices": ["held", "released", "status"], "default": "held"},
            "owner": {"type": "str"},
            "deadline_seconds": {"type": "int"},
            "floor_bytes": {"type": "int", "default": 0},
            "keeper_dir": {"type": "path", "required": True},
        },
        required_if=[("state", "held", ["owner", "deadline_seconds"]), ("state", "released", ["owner"])],
        supports_check_mode=True,
    )
    try:
        changed, keeper = result(module.params, module.check_mode)
        module.exit_json(changed=changed, keeper=keeper)
    except LabError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

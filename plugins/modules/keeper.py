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
  - When an engine does not unload, the processes named by C(processes) in O(engine_options), else those its engine is
    known to run, are killed by name.
  - On a Mac the memory is read with C(vm_stat), C(sysctl) and C(memory_pressure).
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
  loading:
    description: Whether a model is being loaded from now until the next renewal.
    type: bool
    default: false
  reclaim:
    description:
      - Give the page cache back each second while O(loading) and little memory is free, by writing to
        C(/proc/sys/vm/drop_caches) and C(/proc/sys/vm/compact_memory). For a host whose GPU shares the host's memory.
      - The kernel lets only root do that, so the module must run as root; else RV(keeper.reclaim_error) says why not.
      - Without it nothing is given back.
    type: dict
    suboptions:
      min_free_bytes:
        description: Free memory below which that is done.
        type: int
        default: 8589934592
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
    keeper_dir: /var/tmp/local_llm_lab/keeper
    owner: nightly@controller
    deadline_seconds: 1800
    floor_bytes: 4294967296

- name: Let it go
  local_llm.lab.keeper:
    <<: *keeper
    state: released

- name: Hold a host with unified memory while a model is loaded
  local_llm.lab.keeper:
    <<: *keeper
    loading: true
    reclaim:
      min_free_bytes: 8589934592
  become: true

- name: See who holds it
  local_llm.lab.keeper:
    <<: *keeper
    state: status
  register: hold

- name: Say it
  ansible.builtin.debug:
    var: hold.msg
"""

RETURN = r"""
msg:
  description: The same in words, with the owner, since when, until when, the lowest memory and the last breach.
  returned: success
  type: str
  sample: >-
    Held by nightly@controller since 2026-11-23T12:00:00.000Z until 2026-11-23T12:30:00.000Z (process 4242). At the
    lowest 85.00 GiB were available since the last renewal.
error_type:
  description: What kind of failure it was, such as V(BelowFloor) (too little memory) or V(KeeperBusy) (somebody else).
  returned: failure
  type: str
  sample: BelowFloor
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
    since:
      description: When this hold began, UTC.
      type: str
    deadline:
      description: When it unloads and lets go, UTC.
      type: str
    loading:
      description: As O(loading).
      type: bool
    lowest_available_bytes:
      description: The lowest available memory seen since the last renewal.
      type: int
    lowest_huge_block_free_bytes:
      description: The least that was free in blocks of 2 MiB and more since then; null where the system does not tell.
      type: int
    highest_psi_some_avg10:
      description: The highest pressure seen since then, some tasks waiting for memory, in percent, else null.
      type: float
    highest_psi_full_avg10:
      description: The highest pressure seen since then, all tasks waiting for memory, in percent, else null.
      type: float
    reclaims:
      description: How often the page cache was given back in this hold.
      type: int
    reclaim_error:
      description: Why it could not be, else null.
      type: str
    breach:
      description: >-
        Why the last hold was ended by the keeper itself, else null. C(kind) is V(floor), V(deadline) or V(unreadable)
        (the memory could not be read any more), C(unloaded) what was unloaded, C(killed) which processes had to be
        killed, C(error) why.
      type: dict
  sample:
    held: true
    owner: nightly@controller
    pid: 4242
    since: "2026-11-23T12:00:00.000Z"
    deadline: "2026-11-23T12:30:00.000Z"
    loading: false
    lowest_available_bytes: 91268055040
    lowest_huge_block_free_bytes: 34359738368
    highest_psi_some_avg10: 0.0
    highest_psi_full_avg10: 0.0
    reclaims: 0
    reclaim_error: null
    breach: null
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.arguments import ENGINE_ARGUMENTS
from ..module_utils.errors import LabError
from ..module_utils.keeper import Terms, describe, hold, release, status


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
            "loading": {"type": "bool", "default": False},
            "reclaim": {"type": "dict", "options": {"min_free_bytes": {"type": "int", "default": 8 * 1024**3}}},
            "keeper_dir": {"type": "path", "required": True},
        },
        required_if=[("state", "held", ["owner", "deadline_seconds"]), ("state", "released", ["owner"])],
        supports_check_mode=True,
    )
    try:
        changed, keeper = result(module.params, module.check_mode)
        module.exit_json(changed=changed, keeper=keeper, msg=describe(keeper))
    except LabError as error:
        module.fail_json(msg=str(error), error_type=type(error).__name__)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_capacity_info
short_description: Read what an LLM host can hold
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Reads memory, who else claims it, processors and GPUs, without gathering all facts.
  - Nothing is written and no daemon is started. Docker and its settings are those of the user the module runs as, so
    run it as the user who owns them.
  - On a Mac, available is what Activity Monitor shows as free and as cached files; wired, compressed and anonymous
    memory is not.
options:
  reserve_bytes:
    description: What is to stay free beside a model, for all that is not counted; the inventory's C(lab_reserve_bytes).
    type: int
    default: 8589934592
extends_documentation_fragment:
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.keeper
"""

EXAMPLES = r"""
- name: Read what the host can hold
  local_llm.lab.host_capacity_info:
  register: capacity

- name: See that a model of 24 GB would fit once nothing else is loaded
  ansible.builtin.assert:
    that: capacity.usable_bytes > 24000000000

- name: Read it with a smaller reserve
  local_llm.lab.host_capacity_info:
    reserve_bytes: 268435456
"""

RETURN = r"""
total_bytes:
  description: The host's memory.
  returned: success
  type: int
available_bytes:
  description: What can be used now without swapping.
  returned: success
  type: int
free_bytes:
  description: What nobody uses for anything now.
  returned: success
  type: int
huge_block_free_bytes:
  description: What of it lies in blocks of 2 MiB and more; null where the system does not tell it to this user.
  returned: success
  type: int
psi_some_avg10:
  description: Share of the last ten seconds in which some task waited for memory, in percent (Linux), else null.
  returned: success
  type: float
psi_full_avg10:
  description: Share of the last ten seconds in which all tasks waited for memory, in percent (Linux), else null.
  returned: success
  type: float
unpressed_percent:
  description: How far macOS sees itself from memory pressure, as C(memory_pressure -Q) tells it, else null.
  returned: success
  type: int
swap_total_bytes:
  description: The host's swap.
  returned: success
  type: int
swap_free_bytes:
  description: What of it is free.
  returned: success
  type: int
reserved:
  description: Who has a claim on the host's memory before any model.
  returned: success
  type: dict
  contains:
    os_bytes:
      description: >-
        What the operating system keeps for itself. On a Mac that includes what the GPU has wired, so read it with no
        model loaded.
      type: int
    docker_vm_bytes:
      description: The cap of the virtual machine Docker runs in; 0 where containers live in the host's own memory.
      type: int
    clusters_bytes:
      description: What dev clusters outside of that virtual machine were made with.
      type: int
    reserve_bytes:
      description: As O(reserve_bytes).
      type: int
  sample:
    os_bytes: 4911529984
    docker_vm_bytes: 8589934592
    clusters_bytes: 0
    reserve_bytes: 8589934592
usable_bytes:
  description: >-
    What a model may take when nothing else is loaded, which is the total without everything in RV(reserved), and at
    most RV(metal_limit_bytes).
  returned: success
  type: int
metal_limit_bytes:
  description: >-
    What macOS lets the GPU of an Apple chip keep resident. C(sysctl iogpu.wired_limit_mb), else by users' reports two
    thirds of the memory up to 36 GiB and three quarters above. Null on any other host.
  returned: success
  type: int
tier:
  description: >-
    The tier these numbers suggest. V(full) from 64 GiB usable, V(lite) from 8 GiB, else V(cloud). A suggestion, since
    what a host is for, it does not know.
  returned: success
  type: str
  sample: lite
docker:
  description: Docker on this host; null where there is none.
  returned: success
  type: dict
  contains:
    running:
      description: Whether it answers.
      type: bool
    vm:
      description: Whether its containers live in a virtual machine.
      type: bool
    memory_bytes:
      description: The memory its containers share, as C(docker info) tells it or, on a Mac, its settings; else null.
      type: int
  sample:
    running: true
    vm: true
    memory_bytes: 8589934592
clusters:
  description: Dev clusters on this host. One of minikube need not run, one of kind does.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The profile or cluster.
      type: str
    kind:
      description: V(minikube) or V(kind).
      type: str
    driver:
      description: What it runs on.
      type: str
    memory_bytes:
      description: What it was made with; null for kind, which sets no limit.
      type: int
  sample:
    - name: minikube
      kind: minikube
      driver: docker
      memory_bytes: 6442450944
cpu_count:
  description: Processors.
  returned: success
  type: int
system:
  description: Name of the operating system.
  returned: success
  type: str
  sample: Linux
machine:
  description: Architecture.
  returned: success
  type: str
  sample: aarch64
gpus:
  description: The NVIDIA GPUs as C(nvidia-smi) tells them, or a Mac's chip.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    driver_version:
      description: The driver's version; null on a Mac, where it is the system's.
      type: str
    memory_bytes:
      description: Memory of its own; null where it shares the host's.
      type: int
  sample:
    - name: NVIDIA GB10
      driver_version: 580.142
      memory_bytes: null
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.errors import LabError
from ..module_utils.memory.capacity import capacity


def main() -> None:
    module = AnsibleModule(
        argument_spec={"reserve_bytes": {"type": "int", "default": 8 * 1024**3}}, supports_check_mode=True
    )
    try:
        module.exit_json(changed=False, **capacity(module.params["reserve_bytes"]))
    except LabError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

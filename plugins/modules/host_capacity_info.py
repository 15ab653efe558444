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
  - Reads memory, swap, processors and GPUs, without gathering all facts.
extends_documentation_fragment:
  - local_llm.lab.engine.on_the_host
"""

EXAMPLES = r"""
- name: Read what the host can hold
  local_llm.lab.host_capacity_info:
  register: capacity
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
swap_total_bytes:
  description: The host's swap.
  returned: success
  type: int
swap_free_bytes:
  description: What of it is free.
  returned: success
  type: int
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
  description: Names of the NVIDIA GPUs, as C(nvidia-smi) gives them.
  returned: success
  type: list
  elements: str
  sample: [NVIDIA GB10]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.errors import LabError
from ..module_utils.memory.capacity import capacity


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **capacity())
    except LabError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

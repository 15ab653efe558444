#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_bandwidth_info
short_description: Measure how fast an LLM host moves memory
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - >-
    Copies memory with all processors at once and counts what is read and written. Tokens per second are predicted from
    it.
  - >-
    It is the CPU's share. Where the CPU generates, as with C(llama_cpp) without a GPU, that is the whole; where a GPU
    does, it is a lower bound, and RV(is_lower_bound) says so. The vendor's number, in the inventory's
    C(lab_memory_bandwidth_bytes_per_second), is then the better one.
  - >-
    Takes 512 MiB and all processors for about two seconds, so that a trial beside it would be disturbed and both would
    measure too little. Ask M(local_llm.lab.keeper) first whether the host is held, as the playbook
    C(local_llm.lab.shortlist) does.
extends_documentation_fragment:
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.host_capacity_info
"""

EXAMPLES = r"""
- name: Measure the memory bandwidth
  local_llm.lab.host_bandwidth_info:
  register: bandwidth

- name: Show it
  ansible.builtin.debug:
    msg: "{{ bandwidth.bytes_per_second / 1000000000 }} GB/s"
"""

RETURN = r"""
bytes_per_second:
  description: Bytes read and bytes written per second, of the best of five rounds.
  returned: success
  type: int
  sample: 96000000000
processes:
  description: How many processes copied at once.
  returned: success
  type: int
  sample: 20
is_lower_bound:
  description: Whether there is a GPU, which may read faster than the CPU does.
  returned: success
  type: bool
note:
  description: How it was measured, and what may be faster.
  returned: success
  type: str
  sample: measured by copying memory with all processors; NVIDIA GB10 may read faster than they do
measured_at:
  description: When, in UTC.
  returned: success
  type: str
  sample: "2026-11-24T12:00:00Z"
"""

import datetime
from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.bandwidth import measure
from ..module_utils.errors import LabError


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        measured = measure()
    except LabError as error:
        module.fail_json(msg=str(error))
    now = datetime.datetime.now(datetime.timezone.utc)
    module.exit_json(changed=False, measured_at=now.strftime("%Y-%m-%dT%H:%M:%SZ"), **asdict(measured))


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smoke
short_description: Find out in seconds whether a loaded model can run a trial at all
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Records the load, then asks the model for an answer and for a tool call.
  - A load that was refused, that failed or that the keeper had to end closes the block's cells as C(infeasible), a load
    config that the engine would ignore as C(factor_not_applied), a failed check as C(smoke_failed), with the reason.
options:
  generation_id:
    description: The generation, as RV(local_llm.lab.sweep_plan#module:generation_id). Without one nothing is recorded.
    type: int
    default: 0
  loaded:
    description: What M(local_llm.lab.model) returned for this block, also when it failed.
    type: dict
    required: true
  keeper:
    description: Options of M(local_llm.lab.keeper) that ask what ended the hold on the host; none for a cloud.
    type: dict
extends_documentation_fragment:
  - local_llm.lab.lab.engine_access
  - local_llm.lab.lab.store
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.not_in_check_mode
"""

EXAMPLES = r"""
- name: Smoke the first block
  local_llm.lab.smoke:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    generation_id: "{{ plan.generation_id }}"
    block: "{{ plan.blocks[inventory_hostname][0] }}"
    loaded: "{{ loaded }}"
    base_url: http://127.0.0.1:8137
"""

RETURN = r"""
ok:
  description: Whether the block's trials may run.
  returned: success
  type: bool
checks:
  description: What was tried, in order, with the evidence.
  returned: success
  type: list
  elements: dict
  sample:
    - name: answers
      ok: true
      detail: 6 tokens, stop
"""

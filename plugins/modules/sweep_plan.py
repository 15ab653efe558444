#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sweep_plan
short_description: Plan the trials of a sweep, or find what is left of them
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Expands factors into cells and cells into trials with deterministic ids, and writes those that are new to the store.
  - Goes on with the open generation; a complete one stays complete until O(generation=new).
  - Refuses to go on when the stack changed inside the open generation, or when the same sweep already runs here.
options:
  generation:
    description: Go on with the open generation, or start a new one.
    type: str
    choices: [continue, new]
    default: continue
  hosts:
    description: The LLM hosts that take part.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name in the inventory.
        type: str
        required: true
      engine:
        description: Engine that serves the model.
        type: str
        required: true
      engine_build:
        description: Build of the engine, part of the stack.
        type: str
        required: true
      tier:
        description: Tier of the host.
        type: str
        choices: [full, lite, cloud]
        required: true
      gpu:
        description: GPU name, or V(none).
        type: str
        required: true
      total_bytes:
        description: Memory of the host, in bytes; 0 for a cloud.
        type: int
        required: true
      driver:
        description: Version of the GPU's driver, part of the stack.
        type: str
      capabilities:
        description: What can be asked of its engine, as RV(local_llm.lab.model_info#module:capabilities).
        type: dict
        default: {}
      settings:
        description: How its engine serves whatever is asked, as RV(local_llm.lab.model_info#module:settings).
        type: dict
        default: {}
      tariff:
        description: What its energy costs. Without it, no card says so.
        type: dict
        suboptions:
          per_kwh:
            description: Price of a kilowatt-hour.
            type: float
            required: true
          currency:
            description: Currency code, such as V(EUR). Amounts in different currencies are never added.
            type: str
            required: true
      price:
        description: What the host cost, or will have cost, spread over the hours it works. Without it, no card says so.
        type: dict
        suboptions:
          amount:
            description: Its price.
            type: float
            required: true
          currency:
            description: Currency code, such as V(EUR).
            type: str
            required: true
          lifetime_hours:
            description: For how many hours it will have worked in the end.
            type: float
            required: true
  script:
    description: The process that started the playbook, its C(pid) and when it C(started); dead, its run may be ended.
    type: dict
extends_documentation_fragment:
  - local_llm.lab.lab.sweep
  - local_llm.lab.lab.store
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
"""

EXAMPLES = r"""
- name: Plan the demo sweep for one host
  local_llm.lab.sweep_plan:
    sweep: inventory/sweeps/demo.yml
    catalog: inventory/catalog.yml
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    hosts:
      - name: embedded
        engine: llama_cpp
        engine_build: b1-abcdef
        tier: lite
        gpu: none
        total_bytes: 25769803776
  delegate_to: localhost
"""

RETURN = r"""
sweep:
  description: Name of the sweep.
  returned: success
  type: str
generation:
  description: Number of the generation.
  returned: success
  type: int
generation_id:
  description: Its id in the store; none in check mode while nothing is stored.
  returned: success
  type: int
owner:
  description: Who holds the hosts, for the keeper.
  returned: success
  type: str
session:
  description: This run of the playbook, for the store.
  returned: success
  type: str
lines:
  description: The plan in a few lines.
  returned: success
  type: list
  elements: str
"""

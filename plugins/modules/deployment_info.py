#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_info
short_description: Read what a decision means for one host
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Finds the choice for a duty on the host's tier, sees that the catalog still has the very model that was measured,
    and names what has to be loaded.
  - With O(rollback=true) it is the decision that was deployed on the host before the one that is now.
  - Fails with the reason where nothing is decided, where the decision is interim, or where there is nothing before.
options:
  lab_home:
    description: Folder on the controller that has the record of what is deployed on each host.
    type: path
    required: true
  catalog:
    description: Path of the model catalog.
    type: path
    required: true
  decision:
    description: The decision, as M(local_llm.lab.sweep_decision) writes it. Not read for a rollback.
    type: path
    required: true
  duty:
    description: What the model is wanted for.
    type: str
    choices: [builder, reviewer, wake_filter]
    default: builder
  rollback:
    description: Whether to go back to the decision before.
    type: bool
    default: false
  host:
    description: The LLM host.
    type: dict
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
      base_url:
        description: Where the controller reaches its engine.
        type: str
        required: true
extends_documentation_fragment:
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
seealso:
  - module: local_llm.lab.deployed
"""

EXAMPLES = r"""
- name: Read what is to be deployed
  local_llm.lab.deployment_info:
    lab_home: lab
    catalog: inventory/catalog.yml
    decision: lab/decision.yml
    host:
      name: gb10
      engine: lm_studio
      tier: full
      gpu: GB10
      total_bytes: 137438953472
      base_url: http://127.0.0.1:1234
  register: deployment
"""

RETURN = r"""
deployment:
  description: What M(local_llm.lab.deployed) is to record.
  returned: success
  type: dict
block:
  description: What has to be loaded, C(engine_model), C(file), C(files), C(load) and C(chat_template).
  returned: success
  type: dict
before:
  description: The same of what is deployed now, with its C(label); null where there is none, or the catalog lost it.
  returned: success
  type: dict
recorded:
  description: Whether the record says already that this is what is deployed.
  returned: success
  type: bool
owner:
  description: Who holds the host while it is deployed, for the keeper.
  returned: success
  type: str
lines:
  description: What is to be deployed, on what evidence, and what differs from where that was measured.
  returned: success
  type: list
  elements: str
"""

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: challenge_plan
short_description: Write the sweep file that pits a model against what is deployed
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Both models run under the deployed load config and chat config, on the canaries and under the budgets that the
    deployed decision was made by. The deployed model is run again, so that both have the same stack.
  - Fails where nothing is deployed, where the hosts differ in what is, and where the model cannot run there.
options:
  lab_home:
    description: Folder on the controller with the record of what is deployed; C(challenges) in it gets the sweep file.
    type: path
    required: true
  catalog:
    description: Path of the model catalog.
    type: path
    required: true
  model:
    description: The newcomer, by its name in the catalog.
    type: str
    required: true
  hosts:
    description: The LLM hosts that take part, all with the same deployed.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - local_llm.lab.lab.checked
seealso:
  - module: local_llm.lab.challenge_report
"""

EXAMPLES = r"""
- name: Pit a newcomer against what is deployed
  local_llm.lab.challenge_plan:
    lab_home: lab
    catalog: inventory/catalog.yml
    model: example-30b-a3b
    hosts: "{{ ansible_play_hosts }}"
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
sweep:
  description: Name of the sweep; the same for the same two models, config and canaries.
  returned: success
  type: str
path:
  description: The sweep file.
  returned: success
  type: str
lines:
  description: Who is pitted against whom, on how much.
  returned: success
  type: list
  elements: str
"""

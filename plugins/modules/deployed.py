#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployed
short_description: Keep a record of what is deployed on a host
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Writes C(deployed/HOST.yml) in O(lab_home), with what is deployed now and what was before.
  - Changes nothing where exactly that is deployed already.
options:
  lab_home:
    description: Folder on the controller.
    type: path
    required: true
  host:
    description: Name of the host in the inventory.
    type: str
    required: true
  deployment:
    description: As RV(local_llm.lab.deployment_info#module:deployment).
    type: dict
    required: true
  rolled_back:
    description:
      - Whether this is the decision before. What it replaces is then kept as C(rolled_back), not as C(previous), so
        that a second rollback does not bring it back.
    type: bool
    default: false
extends_documentation_fragment:
  - local_llm.lab.lab.checked
"""

EXAMPLES = r"""
- name: Record what was deployed
  local_llm.lab.deployed:
    lab_home: lab
    host: "{{ inventory_hostname }}"
    deployment: "{{ planned.deployment }}"
"""

RETURN = r"""
path:
  description: The record.
  returned: success
  type: str
record:
  description: What it says, C(current), C(previous) and C(rolled_back).
  returned: success
  type: dict
"""

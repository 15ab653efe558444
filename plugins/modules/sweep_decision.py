#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sweep_decision
short_description: Write what a sweep decides to deploy
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Judges the cells of a generation against what the sweep file asks for, per duty and tier, and writes the decision.
    No host is asked.
  - Refuses a generation with trials left. With O(interim=true) what there is so far is written, in which nothing is
    chosen.
  - In diff mode it shows what changes against the decision that is there.
options:
  sweep:
    description: Name of the sweep.
    type: str
    required: true
  generation:
    description: Number of the generation; the newest one when left out.
    type: int
  path:
    description: File to write.
    type: path
    required: true
  interim:
    description: Whether a generation with trials left will do.
    type: bool
    default: false
extends_documentation_fragment:
  - local_llm.lab.lab.store
  - local_llm.lab.lab.checked
seealso:
  - module: local_llm.lab.deployment_info
"""

EXAMPLES = r"""
- name: Decide by the newest generation of the demo sweep
  local_llm.lab.sweep_decision:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    sweep: demo
    path: lab/decision.yml
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
generation:
  description: Number of the generation.
  returned: success
  type: int
interim:
  description: Whether trials are left, so that nothing is chosen.
  returned: success
  type: bool
decisions:
  description: For every duty and tier what is chosen, why, the runner-up, and why the others lost.
  returned: success
  type: list
  elements: dict
lines:
  description: The decision in a line for each duty and tier, and where it is.
  returned: success
  type: list
  elements: str
"""

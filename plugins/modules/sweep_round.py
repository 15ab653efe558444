#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sweep_round
short_description: Find the next block of a host, or decide what is measured next
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Takes the next block that waits in the store for one host, so that no other host of its class runs it.
  - Where other hosts of the class still run theirs, waits for them.
  - Where all blocks are run, looks at what was recorded. Blocks under which the host's speed drifted are planned once
    more; cells that have won or cannot win are closed; cells that are still open get further replicates, and several
    winning levels a cell in which they are tried together. Then finds the next block among these.
  - A look is written down once, whichever host takes it, and is the same whenever it is taken again.
options:
  generation_id:
    description: The generation, as RV(local_llm.lab.sweep_plan#module:generation_id).
    type: int
    required: true
  session:
    description: This run of the playbook, as RV(local_llm.lab.sweep_plan#module:session).
    type: str
    required: true
  host:
    description: Name of the host in the inventory, one of those the sweep was planned for.
    type: str
    required: true
extends_documentation_fragment:
  - local_llm.lab.lab.sweep
  - local_llm.lab.lab.store
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.not_in_check_mode
"""

EXAMPLES = r"""
- name: Find the next block
  local_llm.lab.sweep_round:
    sweep: inventory/sweeps/demo.yml
    catalog: inventory/catalog.yml
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    generation_id: "{{ plan.generation_id }}"
    session: "{{ plan.session }}"
    host: "{{ inventory_hostname }}"
  register: round

- name: Say which it is
  ansible.builtin.debug:
    msg: "{{ round.block.model }} with {{ round.block.load }}"
  when: round.left > 0
"""

RETURN = r"""
block:
  description:
    - One model under one load config, with what is needed to load it and to run its trials.
    - None where everything is decided.
  returned: success
  type: dict
left:
  description: How many blocks this host could take now, this one included.
  returned: success
  type: int
  sample: 2
"""

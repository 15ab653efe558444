#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_trials
short_description: Run the trials of one block on one host, one after the other
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Claims the block's trials from the store in their order, until it has none left or a limit of the sweep is reached.
  - The block's first trial only warms the engine up; an anchor before and after what is measured shows whether the
    host's speed drifted.
  - Each trial runs in a process of its own, which ends with this one; the keeper's deadline is renewed before each.
  - After an engine error the model is loaded again and the trial runs again, at most twice.
options:
  generation_id:
    description: The generation, as RV(local_llm.lab.sweep_plan#module:generation_id).
    type: int
    required: true
  session:
    description: This run of the playbook, as RV(local_llm.lab.sweep_plan#module:session).
    type: str
    required: true
  script:
    description: The process without which the trials end beside ansible-playbook, its C(pid) and when it C(started).
    type: dict
  sandbox:
    description: Sandbox to insist on, V(bubblewrap), V(unshare) or V(docker:IMAGE); left out, the first that works.
    type: str
  model:
    description: Options of M(local_llm.lab.model) that load the block's model.
    type: dict
    required: true
  instance_id:
    description: What requests call the loaded model, the C(id) of RV(local_llm.lab.model#module:instance).
    type: str
    required: true
  settings:
    description:
      - What the trials are run with beside their own chat config, as RV(local_llm.lab.smoke#module:settings).
    type: dict
    default: {}
  keeper:
    description: Options of M(local_llm.lab.keeper) that renew the hold on the host; none for a cloud.
    type: dict
extends_documentation_fragment:
  - local_llm.lab.lab.engine_access
  - local_llm.lab.lab.store
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.not_in_check_mode
"""

EXAMPLES = r"""
- name: Run what is left of the first block
  local_llm.lab.run_trials:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    session: "{{ plan.session }}"
    generation_id: "{{ plan.generation_id }}"
    block: "{{ round.block }}"
    base_url: http://127.0.0.1:8137
    model: "{{ model_options }}"
    instance_id: "{{ loaded.instance.id }}"
    keeper: "{{ keeper_options }}"
"""

RETURN = r"""
outcomes:
  description: How many attempts ended how.
  returned: success
  type: dict
  sample:
    passed: 5
    failed: 7
"""

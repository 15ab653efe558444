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
  - Records the load, then tries in seconds what a trial needs and what is worth knowing before hours are spent. See
    C(docs/smoke.md) for each check, what it may take, and whether it gates.
  - A load that was refused, that failed or that the keeper had to end closes the block's cells as C(infeasible), a load
    config that the engine would ignore as C(factor_not_applied), a gate that does not hold as C(smoke_failed), with the
    reason.
  - A cell whose temperature or reasoning was shown to do nothing on this engine becomes C(factor_not_applied).
  - A model that fails on tool calls is tried with the block's C(alternatives), each a C(chat_template) or a
    C(tool_style), and at last with calls in the text. What works is returned in RV(settings).
  - A load config that was smoked before on this host in this generation is only seen to answer, with the settings
    found then.
options:
  generation_id:
    description: The generation, as RV(local_llm.lab.sweep_plan#module:generation_id). Without one nothing is recorded.
    type: int
    default: 0
  loaded:
    description: What M(local_llm.lab.model) returned for this block, also when it failed.
    type: dict
    required: true
  model:
    description:
      - Options of M(local_llm.lab.model) that load the block's model again. Only a block's other chat templates need
        them.
    type: dict
  keeper:
    description: Options of M(local_llm.lab.keeper) that ask what ended the hold on the host; none for a cloud.
    type: dict
  memory_bandwidth_bytes_per_second:
    description:
      - How fast the host moves memory, from M(local_llm.lab.host_bandwidth_info) or its data sheet. With it the speed
        that the load was predicted to give is recorded.
    type: int
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
  register: smoked

- name: Smoke it, and load it with another of its chat templates where it calls no tool
  local_llm.lab.smoke:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    generation_id: "{{ plan.generation_id }}"
    block: "{{ plan.blocks[inventory_hostname][0] }}"
    loaded: "{{ loaded }}"
    base_url: http://127.0.0.1:8137
    model:
      engine: llama_cpp
      base_url: http://127.0.0.1:8137
      engine_options:
        python: /var/lib/local_llm_lab/engines/llama_cpp/bin/python
        state_dir: /var/lib/local_llm_lab/engines/state
      name: smollm2-135m
      path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
      context_tokens: 4096
"""

RETURN = r"""
ok:
  description: Whether the block's trials may run.
  returned: success
  type: bool
checks:
  description:
    - What was tried, in order, with the evidence. RV(checks[].ok) is false only for what keeps the trials from running.
    - RV(checks[].numbers) has the C(kind) of the check (C(gate), C(finding), C(measure)), in C(held) whether what was
      looked for is so, null where it could not be told, and the C(seconds) it took.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the check.
      type: str
    ok:
      description: Whether the trials may run after it.
      type: bool
    detail:
      description: The evidence in a sentence.
      type: str
    numbers:
      description: The evidence in numbers.
      type: dict
  sample:
    - name: calls_a_tool
      ok: true
      detail: 'try 1: write_file {"path": "note.txt", "content": "ok"}'
      numbers:
        kind: gate
        held: true
        tries: 1
        tool_style: native
        seconds: 0.61
    - name: recalls_the_head
      ok: true
      detail: the first line of a prompt of 3619 tokens, 88% of the window is not recalled, that of a short one is
      numbers:
        kind: finding
        held: false
        window_tokens: 4096
        prompt_tokens: 3619
        in_short_prompt: true
        seconds: 7.9
    - name: prefill_8k
      ok: true
      detail: 'skipped: 8192 tokens do not fit the window of 4096'
      numbers:
        kind: measure
        held: null
        seconds: 0.0
settings:
  description:
    - What the block's trials are to be run with beside their own config, empty where that is nothing.
    - C(tool_style) goes into their chat config. C(chat_template) is the text of the template that is loaded now, with
      its C(chat_template_name).
  returned: success
  type: dict
  sample:
    tool_style: text
applied:
  description: Whether C(seed), C(temperature) and C(reasoning) do anything, null where it could not be told.
  returned: success
  type: dict
  sample:
    seed: true
    temperature: true
    reasoning: false
instance_id:
  description: What requests call the model now.
  returned: success
  type: str
  sample: smollm2-135m
"""

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gguf_info
short_description: Read what a GGUF model is and what it will take, from its header
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Reads the headers of all files of a model, and nothing of its weights.
  - Of a model on a web server, a few megabytes are read by HTTP range requests; nothing is stored.
options:
  path:
    description: The model's file on this host; of a model in several files, the first.
    type: path
  url:
    description:
      - The model's file on a web server, V(http) or V(https); of a model in several files, the first.
      - Redirects are followed, though never from V(https) to V(http). No proxy is used.
      - A server that does not know byte ranges is an error; its file is not downloaded.
    type: str
  context_tokens:
    description: Contexts for which to work out the KV cache.
    type: list
    elements: int
    default: []
  parallel:
    description: How many slots have each that context.
    type: int
    default: 1
  kv_type:
    description: How keys and values are stored.
    type: str
    choices: [f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl]
    default: f16
  timeout_seconds:
    description: How long reading from a web server may take.
    type: int
    default: 120
extends_documentation_fragment:
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.gguf_file
"""

EXAMPLES = r"""
- name: Read a model on this host
  local_llm.lab.gguf_info:
    path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
    context_tokens: [8192, 32768]
    kv_type: q8_0
  register: model

- name: Say what it takes
  ansible.builtin.debug:
    msg: "{{ model.kv[0].kv_bytes + model.shape.weight_bytes }} bytes with {{ model.kv[0].context_tokens }} tokens"

- name: Read a model before it is downloaded
  local_llm.lab.gguf_info:
    url: https://models.example.com/qwen3-coder-30b-a3b/Q4_K_M-00001-of-00002.gguf
"""

RETURN = r"""
architecture:
  description: What kind of model it is.
  returned: success
  type: str
  sample: llama
name:
  description: What its makers call it; null where the file does not say.
  returned: success
  type: str
  sample: SmolLM2 135M Instruct
quantization:
  description: How its weights are stored, in its makers' words; null where the file does not say.
  returned: success
  type: str
  sample: Q4_1
train_context_tokens:
  description: The longest context it was trained for.
  returned: success
  type: int
  sample: 8192
chat_template_sha256:
  description: The sha256 of its chat template; null where it has none.
  returned: success
  type: str
chat_template_mentions_tools:
  description: Whether its chat template knows tools. Without them, an agent needs a template of its own.
  returned: success
  type: bool
  sample: false
files:
  description: In how many files it is.
  returned: success
  type: int
  sample: 1
size_bytes:
  description: How large its files are together.
  returned: success
  type: int
  sample: 98362432
claimed_sha256:
  description: The first file's sha256 as the web server tells it. Nothing has checked it; null where there is none.
  returned: success
  type: str
read_bytes:
  description: How much was read.
  returned: success
  type: int
  sample: 1835008
shape:
  description:
    - What sizing needs to know of the model, as a catalog entry may carry it.
    - Equal layers that follow each other are one entry with a C(count).
  returned: success
  type: dict
  sample:
    architecture: llama
    total_parameters: 134515008
    active_parameters: 134515008
    weight_bytes: 96576768
    active_weight_bytes: 96576768
    train_context_tokens: 8192
    layers:
      - count: 30
        kv_heads: 3
        key_length: 64
        value_length: 64
        window_tokens: null
        state_bytes: 0
    vocabulary: 49152
kv:
  description: The KV cache and recurrent states as llama.cpp will reserve them, for each of O(context_tokens).
  returned: success
  type: list
  elements: dict
  sample:
    - context_tokens: 8192
      kv_bytes: 100270080
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.errors import LabError
from ..module_utils.gguf.info import describe, read
from ..module_utils.gguf.sizing import KV_TYPES


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "url": {"type": "str"},
            "context_tokens": {"type": "list", "elements": "int", "default": [], "no_log": False},
            "parallel": {"type": "int", "default": 1},
            "kv_type": {"type": "str", "choices": list(KV_TYPES), "default": "f16"},
            "timeout_seconds": {"type": "int", "default": 120},
        },
        mutually_exclusive=[("path", "url")],
        required_one_of=[("path", "url")],
        supports_check_mode=True,
    )
    asked = module.params
    if asked["parallel"] < 1 or min(asked["context_tokens"], default=1) < 1:
        module.fail_json(msg="context_tokens and parallel are to be above 0.")
    try:
        found = read(asked["path"], asked["url"], asked["timeout_seconds"])
        module.exit_json(changed=False, **describe(found, asked["context_tokens"], asked["parallel"], asked["kv_type"]))
    except LabError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

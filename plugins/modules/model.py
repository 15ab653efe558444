#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: model
short_description: Have exactly one model loaded on an LLM host, or none
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - With O(state=loaded) the host ends with exactly the asked model under exactly the asked load config, and nothing
    else.
  - When it is there already, nothing is done. Otherwise everything is unloaded, the memory is awaited, the load is
    admitted by what it is predicted to take, and what the engine really applied is read back.
  - A load that does not fit is not an error. It is returned as RV(admitted=false) with the numbers.
options:
  state:
    description: Whether the model is to be the one loaded, or nothing is to be loaded.
    type: str
    choices: [loaded, unloaded]
    default: loaded
  name:
    description: The name requests use for the model.
    type: str
  path:
    description: The GGUF file on the host; the first one where a model is split.
    type: path
  context_tokens:
    description: Window of each slot. llama.cpp rounds it up to a multiple of 256.
    type: int
  parallel:
    description: How many slots, each with a window of its own.
    type: int
    default: 1
  kv_type:
    description: Number format of the KV cache.
    type: str
    choices: [f16, q8_0, q4_0]
    default: f16
  flash_attention:
    description: Whether attention is computed by the fused kernel.
    type: str
    choices: [auto, 'on', 'off']
    default: auto
  chat_template:
    description: Text of a Jinja chat template to use in place of the one in the file.
    type: str
  experts_used:
    description: How many experts of a mixture a token passes through; the model's own number when left out.
    type: int
  reserve_bytes:
    description: What must stay available after the load, by prediction.
    type: int
    default: 0
  overhead_bytes:
    description: What the engine takes beyond weights and KV cache.
    type: int
    default: 268435456
  timeout_seconds:
    description: How long a load may take.
    type: int
    default: 600
extends_documentation_fragment:
  - local_llm.lab.engine
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.keeper
  - module: local_llm.lab.model_info
"""

EXAMPLES = r"""
- name: Load a model, alone
  local_llm.lab.model:
    engine: llama_cpp
    base_url: http://127.0.0.1:8137
    engine_options:
      python: /var/lib/local_llm_lab/engines/llama_cpp/bin/python
      state_dir: /var/lib/local_llm_lab/engines/state
    name: smollm2-135m
    path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
    context_tokens: 4096
    kv_type: q8_0
    reserve_bytes: 8589934592

- name: Unload everything
  local_llm.lab.model:
    engine: llama_cpp
    base_url: http://127.0.0.1:8137
    engine_options:
      python: /var/lib/local_llm_lab/engines/llama_cpp/bin/python
      state_dir: /var/lib/local_llm_lab/engines/state
    state: unloaded
"""

RETURN = r"""
instance:
  description: The loaded model as the engine itself describes it, empty when the load was refused or only predicted.
  returned: when O(state=loaded)
  type: dict
  sample:
    id: smollm2-135m
    model: smollm2-135m
    path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
    context_tokens: 4096
    parallel: 1
    chat_template_sha256: 6219d7f49c9be343821de8873e5fe8665dac362c26f5587f62d285d89fb34990
    build: xllamacpp 2026.10.11549
    resident_bytes: 264241152
    ready: true
admitted:
  description: Whether the model fits beside the reserve.
  returned: when O(state=loaded)
  type: bool
reason:
  description: The admission in one sentence, with its numbers.
  returned: when O(state=loaded)
  type: str
  sample: predicted 0.38 GiB + reserve 0.25 GiB fit in 22.85 GiB available (22.22 GiB to spare)
predicted_bytes:
  description: Weights, KV cache and overhead.
  returned: when O(state=loaded)
  type: int
available_bytes:
  description: What was available before this load, after everything else was unloaded.
  returned: when O(state=loaded)
  type: int
reserve_bytes:
  description: What had to stay available.
  returned: when O(state=loaded)
  type: int
resident_bytes:
  description: What the loaded model takes, measured; null when nothing is loaded.
  returned: when O(state=loaded)
  type: int
load_seconds:
  description: How long the load took; null when nothing had to be loaded.
  returned: when O(state=loaded)
  type: float
error_type:
  description: Which error it was, such as C(LoadFailed) or C(OptionUnsupported).
  returned: failure
  type: str
unloaded:
  description: What was unloaded.
  returned: success
  type: list
  elements: str
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.arguments import ENGINE_ARGUMENTS
from ..module_utils.engines import LoadRequest, connect
from ..module_utils.engines.placement import clear, place
from ..module_utils.errors import LabError


def result(arguments: dict[str, Any], check: bool) -> dict[str, Any]:
    engine = connect(arguments["engine"], arguments["base_url"], arguments["engine_options"])
    if arguments["state"] == "unloaded":
        unloaded = clear(engine, check)
        return {"changed": bool(unloaded), "unloaded": list(unloaded)}
    request = LoadRequest(**{name: arguments[name] for name in LoadRequest.__dataclass_fields__})
    placement = place(
        engine,
        request,
        reserve_bytes=arguments["reserve_bytes"],
        overhead_bytes=arguments["overhead_bytes"],
        timeout_seconds=arguments["timeout_seconds"],
        check=check,
    )
    instance = placement.instance
    return {
        "changed": placement.changed,
        "unloaded": list(placement.unloaded),
        "instance": asdict(instance) if instance else {},
        "resident_bytes": instance.resident_bytes if instance else None,
        "load_seconds": placement.load_seconds,
        **asdict(placement.admission),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ENGINE_ARGUMENTS,
            "state": {"type": "str", "choices": ["loaded", "unloaded"], "default": "loaded"},
            "name": {"type": "str"},
            "path": {"type": "path"},
            "context_tokens": {"type": "int", "no_log": False},
            "parallel": {"type": "int", "default": 1},
            "kv_type": {"type": "str", "choices": ["f16", "q8_0", "q4_0"], "default": "f16"},
            "flash_attention": {"type": "str", "choices": ["auto", "on", "off"], "default": "auto"},
            "chat_template": {"type": "str"},
            "experts_used": {"type": "int"},
            "reserve_bytes": {"type": "int", "default": 0},
            "overhead_bytes": {"type": "int", "default": 256 * 1024**2},
            "timeout_seconds": {"type": "int", "default": 600},
        },
        required_if=[("state", "loaded", ["name", "path", "context_tokens"])],
        supports_check_mode=True,
    )
    try:
        module.exit_json(**result(module.params, module.check_mode))
    except LabError as error:
        module.fail_json(msg=str(error), error_type=type(error).__name__)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: model_info
short_description: Read what an LLM host's engine is and what it has loaded
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Reads the engine's build, what can be asked of it, how it is set, and every model in memory with what that takes, as
    the engine itself describes them.
  - An engine that is not installed yet is not an error.
extends_documentation_fragment:
  - local_llm.lab.engine
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.model
"""

EXAMPLES = r"""
- name: Read what is loaded
  local_llm.lab.model_info:
    engine: llama_cpp
    base_url: http://127.0.0.1:8137
    engine_options:
      python: /var/lib/local_llm_lab/engines/llama_cpp/bin/python
      state_dir: /var/lib/local_llm_lab/engines/state
"""

RETURN = r"""
engine_build:
  description: Name and version of what serves; null when the engine is not installed.
  returned: success
  type: str
  sample: xllamacpp 2026.10.11549 (CPU, 1 thread)
instances:
  description: Every model in memory. One that is not C(ready) is loading, or does not answer.
  returned: success
  type: list
  elements: dict
  sample:
    - id: smollm2-135m
      model: smollm2-135m
      path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
      context_tokens: 4096
      parallel: 1
      chat_template_sha256: 6219d7f49c9be343821de8873e5fe8665dac362c26f5587f62d285d89fb34990
      build: xllamacpp 2026.10.11549 (CPU, 1 thread)
      resident_bytes: 264241152
      kv_bytes: 94371840
      ready: true
resident_bytes:
  description: What all instances together take, as the engine or the kernel says; what neither says counts as nothing.
  returned: success
  type: int
  sample: 264241152
available_bytes:
  description: What is available on the host beside them.
  returned: success
  type: int
  sample: 23353884672
capabilities:
  description: What can be asked of this engine; anything else would be ignored by it, and is refused.
  returned: success
  type: dict
  sample:
    load: true
    context: true
    parallel: true
    kv_type: true
    flash_attention: true
    chat_template: true
    experts_used: false
    reasoning_switch: true
    download: false
settings:
  description: How the engine serves whatever is asked of it; null where it does not tell.
  returned: success
  type: dict
  sample:
    bind_address: 127.0.0.1
    jit_loading: false
    auto_evict: false
    default_context_tokens: null
    parallel: null
    kv_type: null
    flash_attention: null
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import memory
from ..module_utils.arguments import ENGINE_ARGUMENTS
from ..module_utils.engines import EngineNotInstalled, connect
from ..module_utils.errors import LabError


def result(arguments: dict[str, Any]) -> dict[str, Any]:
    engine = connect(arguments["engine"], arguments["base_url"], arguments["engine_options"])
    try:
        build = engine.build()
    except EngineNotInstalled:
        build = None
    instances = engine.loaded()
    return {
        "engine_build": build,
        "instances": [asdict(instance) for instance in instances],
        "resident_bytes": sum(instance.resident_bytes or 0 for instance in instances),
        "available_bytes": memory.available(),
        "capabilities": asdict(engine.capabilities),
        "settings": asdict(engine.settings()),
    }


def main() -> None:
    module = AnsibleModule(argument_spec=ENGINE_ARGUMENTS, supports_check_mode=True)
    try:
        module.exit_json(changed=False, **result(module.params))
    except LabError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

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
  - When it is there already, nothing is done. Otherwise everything is unloaded, the module waits until the memory is
    really back, the load is admitted by what it is predicted to take, and what the engine really applied is read back.
  - What the engine would ignore, a file that cannot be loaded, and a host that somebody else holds are refused before
    anything is unloaded.
  - A load that does not fit is not an error. It is returned as RV(admitted=false) with the numbers.
  - One process at a time changes what is loaded on an engine. A second one waits, for O(timeout_seconds) at the most.
  - On an engine that loads nothing (a cloud), O(state=loaded) only sees that the model is served there.
options:
  state:
    description:
      - V(loaded) has the model loaded, and known to the engine before that.
      - V(unloaded) has nothing loaded, whatever O(name) says.
      - V(present) has the model known to the engine, without loading it.
      - V(absent) has the model unloaded and unknown to the engine. The GGUF file itself stays.
    type: str
    choices: [loaded, unloaded, present, absent]
    default: loaded
  exclusive:
    description:
      - Whether O(state=loaded) unloads everything else first.
      - With V(false) other models stay, and the load is admitted beside them. An engine that holds one model at a time
        (V(lm_studio), and V(llama_cpp) without a router) then fails where there is another.
    type: bool
    default: true
  name:
    description: The name requests use for the model.
    type: str
  path:
    description:
      - The GGUF file on the host; the first one where a model is split.
      - Needed for O(state=loaded) on every engine that loads models.
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
  speculative:
    description:
      - Speculative decoding. With V(mtp) the model's own layers for it draft, with V(draft) the model in O(draft_path).
      - What it takes is part of the prediction. An engine that has no such option fails.
    type: str
    choices: ['off', mtp, draft]
    default: 'off'
  draft_path:
    description:
      - The GGUF file on the host of the model that drafts, with the same vocabulary.
      - Needed for O(speculative=draft).
    type: path
  reserve_bytes:
    description: What must stay available after the load, by prediction.
    type: int
    default: 0
  overhead_bytes:
    description: What the engine takes beyond weights and KV cache.
    type: int
    default: 268435456
  timeout_seconds:
    description: How long a load may take, and how long to wait for another process that loads or unloads.
    type: int
    default: 600
  keeper_dir:
    description:
      - The keeper's folder on the host, as in M(local_llm.lab.keeper).
      - When it is given, a host that is held by anybody but O(owner) is left as it is, with an error that names them.
    type: path
  owner:
    description: Who may hold the host while this is done.
    type: str
attributes:
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
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

- name: Load a model beside another one, unless somebody else holds the host
  local_llm.lab.model:
    engine: ollama
    base_url: http://127.0.0.1:11434
    name: wake-filter
    path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
    context_tokens: 2048
    exclusive: false
    keeper_dir: /var/tmp/local_llm_lab/keeper
    owner: deploy@controller
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
    build: xllamacpp 2026.10.11549 (CPU, 1 thread)
    resident_bytes: 264241152
    kv_bytes: 94371840
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
  description: Weights, the engine's tables of the vocabulary, KV cache and overhead.
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
  description:
    - What the loaded model takes, measured; null when nothing is loaded.
    - What its process holds, or by how much the available memory fell over the load, whichever is more. The process of
      a model on a GPU shows little of it.
  returned: when O(state=loaded)
  type: int
load_seconds:
  description: How long the load took; null when nothing had to be loaded.
  returned: when O(state=loaded)
  type: float
bytes_per_token:
  description:
    - What generating one token reads, active weights and the KV cache of one slot at half its context; null where
      the engine loads nothing. The memory's bandwidth over it bounds how fast the model generates.
  returned: when O(state=loaded)
  type: int
error_type:
  description: Which error it was, such as C(LoadFailed) or C(OptionUnsupported).
  returned: failure
  type: str
unloaded:
  description: What was unloaded.
  returned: success
  type: list
  elements: str
kept:
  description: The numbers of memory that did not come back after an unload.
  returned: when the engine kept memory
  type: dict
  sample:
    held_bytes: 25769803776
    expected_bytes: 107374182400
    available_bytes: 88046829568
    kept_bytes: 19327352832
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.arguments import ENGINE_ARGUMENTS
from ..module_utils.engines import Engine, Instance, LoadRequest, MemoryKept, connect
from ..module_utils.engines.holding import Hold
from ..module_utils.engines.placement import clear, place, provide, withdraw
from ..module_utils.errors import LabError

REQUEST = tuple(LoadRequest.__dataclass_fields__)
SHOWN = ("id", "model", "path", "context_tokens", "parallel", "chat_template_sha256")
NOT_READ_BACK = ("kv_type", "flash_attention", "experts_used", "speculative")


def result(arguments: dict[str, Any], check: bool) -> dict[str, Any]:
    engine = connect(arguments["engine"], arguments["base_url"], arguments["engine_options"])
    hold = Hold(arguments["keeper_dir"], arguments["owner"]) if arguments["keeper_dir"] else None
    if hold:
        hold.refuse_others()
    if arguments["state"] == "unloaded":
        gone = clear(engine, check, arguments["timeout_seconds"], hold)
        return {"changed": bool(gone), "unloaded": [one.id for one in gone], "diff": _diff(gone, ())}
    asked = {name: arguments[name] for name in REQUEST}
    paths = {name: asked[name] or "" for name in ("path", "draft_path")}
    request = LoadRequest(**{**asked, **paths, "context_tokens": asked["context_tokens"] or 0})
    if arguments["state"] == "loaded":
        return _loaded(engine, request, arguments, check, hold)
    present = arguments["state"] == "present"
    if present:
        changed, gone = provide(engine, request, arguments["timeout_seconds"], check), ()
    else:
        changed, gone = withdraw(engine, request, arguments["timeout_seconds"], check)
    known = {"before": {"known": present != changed}, "after": {"known": present}}
    return {"changed": changed, "unloaded": [one.id for one in gone], "diff": known}


def _loaded(
    engine: Engine, request: LoadRequest, arguments: dict[str, Any], check: bool, hold: Hold | None
) -> dict[str, Any]:
    placement = place(
        engine,
        request,
        reserve_bytes=arguments["reserve_bytes"],
        overhead_bytes=arguments["overhead_bytes"],
        timeout_seconds=arguments["timeout_seconds"],
        check=check,
        exclusive=arguments["exclusive"],
        hold=hold,
    )
    instance = placement.instance
    told = {name: getattr(request, name) for name in NOT_READ_BACK} if placement.changed else {}
    return {
        "changed": placement.changed,
        "unloaded": list(placement.unloaded),
        "instance": asdict(instance) if instance else {},
        "resident_bytes": placement.resident_bytes,
        "load_seconds": placement.load_seconds,
        "bytes_per_token": placement.bytes_per_token,
        "diff": _diff(placement.before, placement.after, {request.name: told}),
        **asdict(placement.admission),
    }


def _diff(
    before: tuple[Instance, ...], after: tuple[Instance, ...], told: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Instances with their load config; `told`, by model, is what an engine applies and does not say."""

    def shown(instances: tuple[Instance, ...], more: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return {
            "instances": [
                {**{name: getattr(one, name) for name in SHOWN}, **more.get(one.model, {})} for one in instances
            ]
        }

    return {"before": shown(before, {}), "after": shown(after, told or {})}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ENGINE_ARGUMENTS,
            "state": {"type": "str", "choices": ["loaded", "unloaded", "present", "absent"], "default": "loaded"},
            "exclusive": {"type": "bool", "default": True},
            "name": {"type": "str"},
            "path": {"type": "path"},
            "context_tokens": {"type": "int", "no_log": False},
            "parallel": {"type": "int", "default": 1},
            "kv_type": {"type": "str", "choices": ["f16", "q8_0", "q4_0"], "default": "f16"},
            "flash_attention": {"type": "str", "choices": ["auto", "on", "off"], "default": "auto"},
            "chat_template": {"type": "str"},
            "experts_used": {"type": "int"},
            "speculative": {"type": "str", "choices": ["off", "mtp", "draft"], "default": "off"},
            "draft_path": {"type": "path"},
            "reserve_bytes": {"type": "int", "default": 0},
            "overhead_bytes": {"type": "int", "default": 256 * 1024**2},
            "timeout_seconds": {"type": "int", "default": 600},
            "keeper_dir": {"type": "path"},
            "owner": {"type": "str"},
        },
        required_if=[
            ("state", "loaded", ["name", "context_tokens"]),
            ("state", "present", ["name"]),
            ("state", "absent", ["name"]),
            ("speculative", "draft", ["draft_path"]),
        ],
        required_by={"owner": ["keeper_dir"]},
        supports_check_mode=True,
    )
    try:
        module.exit_json(**result(module.params, module.check_mode))
    except MemoryKept as error:
        module.fail_json(msg=str(error), error_type=type(error).__name__, kept=error.kept)
    except LabError as error:
        module.fail_json(msg=str(error), error_type=type(error).__name__)


if __name__ == "__main__":
    main()

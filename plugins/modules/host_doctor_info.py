#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_doctor_info
short_description: Look at an LLM host for every known pitfall
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Looks at the keeper, the engine and its settings, sockets, downloads, memory, the NVIDIA GPU, exporters, tunnels,
    Docker's virtual machine and LaunchAgents, and returns one finding for every check. The page C(docs/doctor.md) lists
    the checks.
  - Changes nothing, also when it is not in check mode. Remedies are commands to run on the host, with its own values.
  - What is expected and not given is not judged; the finding then shows the reading.
options:
  tier:
    description: The host's tier. Of a V(cloud) only what the engine tells is looked at.
    type: str
    choices: [full, lite, cloud]
    default: full
  gpu:
    description: Name of the GPU the host should have, or V(none).
    type: str
    default: none
  keeper_dir:
    description: The keeper's folder on the host.
    type: path
  floor_bytes:
    description: Available memory below which the keeper unloads.
    type: int
    default: 0
  models_dir:
    description: The folder with the models.
    type: path
  expected:
    description: What should be loaded, as a decision or a block says.
    type: dict
    default: {}
    suboptions:
      model:
        description: Name of the model.
        type: str
      context_tokens:
        description: Window of each slot.
        type: int
      kv_type:
        description: KV type that the sizing counted with.
        type: str
  cluster_bytes:
    description: What the development cluster in Docker's virtual machine needs. Clusters of minikube are found anyway.
    type: int
    default: 0
  tunnels:
    description: Forwarded ports on the host's loopback that should answer.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What is at the far end.
        type: str
        required: true
      port:
        description: Port on the host's loopback.
        type: int
        required: true
      path:
        description: Path that is asked over HTTP. Any status is an answer.
        type: str
        default: /
      service:
        description: The systemd unit, or on macOS the label of the LaunchDaemon, that keeps the tunnel up.
        type: str
      destination:
        description: Where ssh goes, where there is no O(tunnels[].service).
        type: str
      remote_port:
        description: Port at the far end; the same one where it is not given.
        type: int
  node_exporter_port:
    description: Port of node_exporter.
    type: int
    default: 9100
  dcgm_exporter_port:
    description: Port of dcgm-exporter.
    type: int
    default: 9400
extends_documentation_fragment:
  - local_llm.lab.engine
  - local_llm.lab.engine.on_the_host
seealso:
  - module: local_llm.lab.doctor_report
"""

EXAMPLES = r"""
- name: Look at a host
  local_llm.lab.host_doctor_info:
    engine: llama_cpp
    base_url: http://127.0.0.1:8137
    engine_options:
      python: /var/lib/local_llm_lab/engines/llama_cpp/bin/python
      state_dir: /var/lib/local_llm_lab/engines/state
    keeper_dir: /var/tmp/local_llm_lab/keeper
    floor_bytes: 4294967296
    gpu: GB10
    expected:
      context_tokens: 32768
      kv_type: q8_0
  register: looked
"""

RETURN = r"""
findings:
  description: One for every check, in a fixed order.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: Name of the check.
      type: str
    verdict:
      description: V(ok), V(warn), V(fail), or V(unknown) where it could not be looked at.
      type: str
    evidence:
      description: What was seen, or why nothing was.
      type: str
    remedy:
      description: A command to run on the host; empty for V(ok) and V(unknown).
      type: str
  sample:
    - check: swap
      verdict: warn
      evidence: "2.5 GiB of 16.0 GiB in use: what is swapped out is slow"
      remedy: sudo swapoff -a && sudo swapon -a
listening:
  description: Whether anything listens where the engine should, as seen on the host.
  returned: success
  type: bool
clock:
  description:
    - When the host began and ended looking, by its own clock, and when the controller C(sent) the module and
      C(received) the answer, by the controller's. UTC.
    - The host's operating system, which says how its clock is set.
  returned: success
  type: dict
  sample:
    system: Linux
    began: "2026-11-23T12:30:00.412+00:00"
    ended: "2026-11-23T12:30:01.105+00:00"
    sent: "2026-11-23T12:29:59.980+00:00"
    received: "2026-11-23T12:30:01.204+00:00"
"""

import platform
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.arguments import ENGINE_ARGUMENTS
from ..module_utils.doctor import Host, Look, Tunnel, examine
from ..module_utils.doctor.look import ask

ARGUMENTS: dict[str, dict[str, Any]] = {
    **ENGINE_ARGUMENTS,
    "tier": {"type": "str", "choices": ["full", "lite", "cloud"], "default": "full"},
    "gpu": {"type": "str", "default": "none"},
    "keeper_dir": {"type": "path"},
    "floor_bytes": {"type": "int", "default": 0},
    "models_dir": {"type": "path"},
    "expected": {
        "type": "dict",
        "default": {},
        "options": {
            "model": {"type": "str"},
            "context_tokens": {"type": "int", "no_log": False},
            "kv_type": {"type": "str"},
        },
    },
    "cluster_bytes": {"type": "int", "default": 0},
    "tunnels": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "path": {"type": "str", "default": "/"},
            "service": {"type": "str"},
            "destination": {"type": "str"},
            "remote_port": {"type": "int"},
        },
    },
    "node_exporter_port": {"type": "int", "default": 9100},
    "dcgm_exporter_port": {"type": "int", "default": 9400},
}


def result(arguments: dict[str, Any]) -> dict[str, Any]:
    began = _utc()
    expected = {name: value for name, value in arguments.pop("expected").items() if value is not None}
    tunnels = tuple(Tunnel(**tunnel) for tunnel in arguments.pop("tunnels"))
    host = Host(**arguments, **expected, tunnels=tunnels)
    findings = [finding.as_dict() for finding in examine(Look(), host)]
    listening = ask(host.base_url).state != "refused"
    return {
        "findings": findings,
        "listening": listening,
        "clock": {"system": platform.system(), "began": began, "ended": _utc()},
    }


def _utc() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    module.exit_json(changed=False, **result(dict(module.params)))


if __name__ == "__main__":
    main()

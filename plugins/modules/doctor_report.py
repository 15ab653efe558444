#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor_report
short_description: Look at the controller, and report on every host that was looked at
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Looks at ansible-core, the sandbox, the store, the lab's folder and the inventory's secrets, and at the controller's
    end of every host, whether it was reached or not.
  - Puts these together with what M(local_llm.lab.host_doctor_info) found, and writes the report as
    C(reports/doctor/latest.json) in the lab's folder. Nothing else is written, and in check mode nothing at all.
  - Shows the report as a table while it runs.
options:
  inventory_sources:
    description: The inventory whose secrets are looked at.
    type: list
    elements: path
    default: []
  sandbox:
    description: The sandbox that trials are to run in, as in M(local_llm.lab.run_trials).
    type: str
  hosts:
    description: The hosts that were looked at, in the order of the report.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name in the inventory.
        type: str
        required: true
      tier:
        description: The host's tier.
        type: str
        required: true
      engine:
        description: Its engine.
        type: str
        required: true
      connection:
        description: Ansible's connection to it.
        type: str
        required: true
      address:
        description: Where ssh goes.
        type: str
        required: true
      user:
        description: As whom, where that is set.
        type: str
      ssh_port:
        description: Port of sshd.
        type: int
        default: 22
      base_url:
        description: Where the controller reaches the engine.
        type: str
        required: true
      engine_port:
        description: The engine's port on the host's loopback.
        type: int
        required: true
      answer:
        description: What M(local_llm.lab.host_doctor_info) returned, also when it failed or the host was unreachable.
        type: dict
        required: true
  left_out:
    description: Hosts that could not even be tried, with the reason.
    type: dict
    default: {}
extends_documentation_fragment:
  - local_llm.lab.lab.store
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
seealso:
  - module: local_llm.lab.host_doctor_info
"""

EXAMPLES = r"""
- name: Report on one host
  local_llm.lab.doctor_report:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    inventory_sources: "{{ ansible_inventory_sources }}"
    hosts:
      - name: gb10
        tier: full
        engine: llama_cpp
        connection: ssh
        address: gb10.example.net
        base_url: http://127.0.0.1:8138
        engine_port: 8137
        answer: "{{ looked }}"
  delegate_to: localhost
"""

RETURN = r"""
report:
  description: The report, as it is in RV(file).
  returned: success
  type: dict
  contains:
    checked_at:
      description: When, UTC.
      type: str
    verdict:
      description: The worst verdict of all findings.
      type: str
    exit_code:
      description: V(0), V(1) where something warns, V(2) where something fails. V(unknown) counts as V(0).
      type: int
    findings:
      description: The controller's findings, then each host's.
      type: list
      elements: dict
  sample:
    checked_at: "2026-11-23T12:30:00+00:00"
    verdict: warn
    exit_code: 1
    findings:
      - host: gb10
        check: swap
        verdict: warn
        evidence: "2.5 GiB of 16.0 GiB in use: what is swapped out is slow"
        remedy: sudo swapoff -a && sudo swapon -a
file:
  description: Where the report is written.
  returned: success
  type: str
lines:
  description: The same content as a table.
  returned: success
  type: list
  elements: str
"""

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: challenge_report
short_description: Say whether a challenger is shown better than what is deployed
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Compares the two models of a challenge's newest generation, paired by canary, by the rule that shows a level better
    than its baseline.
  - Changes nothing.
options:
  sweep:
    description: Name of the challenge's sweep, as RV(local_llm.lab.challenge_plan#module:sweep).
    type: str
    required: true
  hosts:
    description: The hosts it is about, for the commands to type next.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - local_llm.lab.lab.store
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
"""

EXAMPLES = r"""
- name: Say what the challenge came to
  local_llm.lab.challenge_report:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    sweep: "{{ challenge.sweep }}"
    hosts: "{{ ansible_play_hosts }}"
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
left:
  description: How many trials are left.
  returned: success
  type: int
lines:
  description: For each host class which is shown better, what each costs, and what to type next.
  returned: success
  type: list
  elements: str
"""

#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smoke_trial
short_description: Run one canary through the agent on a loaded model
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Runs the agent on one canary, as a trial of a sweep is run, and grades what it pushed. Nothing is written to the
    store.
  - A void trial (not the model's doing) is run again, at most twice.
  - Fails when the canary is not passed, or when what was asked for did not take effect.
options:
  lab_home:
    description: Folder on the controller; the transcript is kept in C(deployed/trials/HOST).
    type: path
    required: true
  canary:
    description: Name of the canary.
    type: str
    default: hello_file
  canary_folders:
    description: Folders searched for it before the suite the collection ships.
    type: list
    elements: path
    default: []
  engine:
    description: Engine that serves the model.
    type: str
    required: true
  base_url:
    description: Where the controller reaches the engine; a loopback URL, a tunnel's end where the engine is remote.
    type: str
    required: true
  api_key:
    description: Key of a cloud API. Keep it in a vault.
    type: str
  instance_id:
    description: What requests call the loaded model, the C(id) of RV(local_llm.lab.model#module:instance).
    type: str
    required: true
  window_tokens:
    description: The context it was loaded with.
    type: int
    required: true
  chat:
    description: The chat config, such as C(temperature) and C(reasoning).
    type: dict
    required: true
  sandbox:
    description: Sandbox to insist on, V(bubblewrap), V(unshare) or V(docker:IMAGE); left out, the first that works.
    type: str
  script:
    description: The process without which the trial ends beside ansible-playbook, its C(pid) and when it C(started).
    type: dict
extends_documentation_fragment:
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.not_in_check_mode
"""

EXAMPLES = r"""
- name: Try what was loaded
  local_llm.lab.smoke_trial:
    lab_home: lab
    engine: llama_cpp
    base_url: http://127.0.0.1:8137
    instance_id: "{{ loaded.instance.id }}"
    window_tokens: 4096
    chat:
      temperature: 0.3
"""

RETURN = r"""
outcome:
  description: How the trial ended; V(passed), else the task fails.
  returned: always
  type: str
ceiling:
  description: Which ceiling ended it, null where none did.
  returned: always
  type: str
detail:
  description: Which one exactly.
  returned: always
  type: str
turns:
  description: Model calls it took.
  returned: always
  type: int
generated_tokens:
  description: Tokens the model generated.
  returned: always
  type: int
wall_seconds:
  description: How long it took.
  returned: always
  type: float
not_applied:
  description: What was asked for and did not take effect, else null.
  returned: always
  type: str
folder:
  description: Folder of its transcript, diff and test log.
  returned: always
  type: str
"""

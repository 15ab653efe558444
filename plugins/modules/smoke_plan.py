#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smoke_plan
short_description: Name the models to smoke outside a sweep
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Gives what loading each model of a sweep file takes, under the sweep's baseline. Nothing is planned or stored.
  - A cloud's models are named for a cloud alone, GGUF files for every other host.
options:
  sweep:
    description: Path of the sweep file.
    type: path
    required: true
  catalog:
    description: Path of the model catalog.
    type: path
    required: true
  lab_home:
    description: Folder on the controller; it is part of the owner's name.
    type: path
    required: true
  model:
    description: Only this model of the catalog, whether the sweep has it or not.
    type: str
  engine:
    description: Engine of the host.
    type: str
    required: true
extends_documentation_fragment:
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
seealso:
  - module: local_llm.lab.smoke
"""

EXAMPLES = r"""
- name: Name the models of the demo sweep
  local_llm.lab.smoke_plan:
    sweep: inventory/sweeps/demo.yml
    catalog: inventory/catalog.yml
    lab_home: lab
    engine: llama_cpp
"""

RETURN = r"""
blocks:
  description: For M(local_llm.lab.smoke), with C(engine_model), C(file), C(files), C(load) and C(chat_template).
  returned: success
  type: list
  elements: dict
owner:
  description: Who holds the host meanwhile, for the keeper.
  returned: success
  type: str
lines:
  description: Which models these are.
  returned: success
  type: list
  elements: str
"""

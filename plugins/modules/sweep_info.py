#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sweep_info
short_description: Check a sweep before anything is touched
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Reads the sweep file, the catalog and the canaries it names, and tries the sandbox.
  - Builds and fetches what those canaries need, from a package index or from a repository of yours; not in check mode.
  - Fails with the file, the place, the thing and the remedy when one of them will not do.
options:
  lab_home:
    description: Folder on the controller that the canaries' toolchain is built in.
    type: path
    required: true
  sandbox:
    description: Sandbox to insist on, V(bubblewrap), V(unshare) or V(docker:IMAGE); left out, the first that works.
    type: str
extends_documentation_fragment:
  - local_llm.lab.lab.sweep
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
"""

EXAMPLES = r"""
- name: Check the demo sweep
  local_llm.lab.sweep_info:
    sweep: inventory/sweeps/demo.yml
    catalog: inventory/catalog.yml
    lab_home: lab
  delegate_to: localhost
"""

RETURN = r"""
models:
  description: Catalog entries the sweep needs, each with its C(name), one for each quant and each model that drafts.
  returned: success
  type: list
  elements: dict
canaries:
  description: Names of the canaries.
  returned: success
  type: list
  elements: str
sandbox:
  description: The sandbox trials will run in.
  returned: success
  type: str
  sample: bubblewrap
"""

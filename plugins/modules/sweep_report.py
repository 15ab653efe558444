#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sweep_report
short_description: Write the finding cards and the decision of a sweep
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Writes a finding card per model, a comparison of all models and host classes (Markdown, HTML, JSON) and
    C(decision.yml) from what the store holds. No host is asked.
  - The comparison has the generation before beside it, and the newest generation of every other sweep of the store.
  - Closes the generation when every trial is recorded or its cell is closed.
options:
  sweep:
    description: Name of the sweep.
    type: str
    required: true
  generation:
    description: Number of the generation; the newest one when left out.
    type: int
    version_added: 1.1.0
extends_documentation_fragment:
  - local_llm.lab.lab.store
  - local_llm.lab.lab.checked
"""

EXAMPLES = r"""
- name: Report on the demo sweep
  local_llm.lab.sweep_report:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    sweep: demo
  delegate_to: localhost

- name: Write the reports of its first generation again
  local_llm.lab.sweep_report:
    lab_home: lab
    store_url: sqlite:///lab/store.sqlite
    sweep: demo
    generation: 1
  delegate_to: localhost
"""

RETURN = r"""
left:
  description: How many trials are left of the generation, which is complete when there are none.
  returned: success
  type: int
generation:
  description: Number of the generation.
  returned: success
  type: int
folder:
  description: Folder of the reports.
  returned: success
  type: str
lines:
  description: Where the reports are and what they say, in a few lines.
  returned: success
  type: list
  elements: str
"""

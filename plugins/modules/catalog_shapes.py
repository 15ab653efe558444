#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_shapes
short_description: Read the model catalog, and keep the shapes that were read of its models
version_added: 1.1.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Reads and checks a model catalog. Fails with the file, the place, the thing and the remedy when something is wrong.
  - >-
    A model whose entry has no C(shape) gets the one that was read of its file before. Shapes are kept in C(shapes/) of
    the lab's home, each under the sha256 of its file.
options:
  catalog:
    description: Path of the model catalog.
    type: path
    required: true
  lab_home:
    description: Folder on the controller in which shapes are kept.
    type: path
    required: true
  read:
    description:
      - What M(local_llm.lab.gguf_info) returned in a loop over RV(without_shape). Failed reads are passed over.
      - A file that is not as large as the catalog says is another file and is passed over too.
    type: list
    elements: dict
    default: []
  hub_url:
    description: Where a model hub keeps files, with C({repo}), C({revision}) and C({file}).
    type: str
    default: https://huggingface.co/{repo}/resolve/{revision}/{file}
extends_documentation_fragment:
  - local_llm.lab.lab.on_the_controller
  - local_llm.lab.lab.plans_only
seealso:
  - module: local_llm.lab.gguf_info
  - plugin: local_llm.lab.shortlist
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the catalog
  local_llm.lab.catalog_shapes: &catalog
    catalog: inventory/catalog.yml
    lab_home: lab
  register: catalog
  delegate_to: localhost

- name: Read the headers of the models that have no shape yet
  local_llm.lab.gguf_info:
    path: "/var/lib/local_llm_lab/models/{{ item.file }}"
  loop: "{{ catalog.without_shape }}"
  register: headers
  failed_when: false

- name: Keep what was read
  local_llm.lab.catalog_shapes:
    <<: *catalog
    read: "{{ headers.results }}"
  delegate_to: localhost
"""

RETURN = r"""
models:
  description:
    - Every entry, with C(name), C(digest), and all the keys an entry may have; null where it does not have one.
    - C(total_parameters) and C(active_parameters) are those of the shape where the entry has one.
  returned: success
  type: list
  elements: dict
  sample:
    - name: smollm2-135m-instruct
      file: SmolLM2-135M-Instruct.Q4_1.gguf
      sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
      size_bytes: 98362432
      shape: null
      cloud: null
without_shape:
  description: Those of them that have a file and no shape, each with the C(url) of its file where its source has one.
  returned: success
  type: list
  elements: dict
"""

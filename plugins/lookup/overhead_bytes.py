# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: overhead_bytes
short_description: What an engine was measured to take on a host beside a model's own bytes
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Reads the store of the sweeps. What counts is the median of the newest loads of that engine on that host, those of
    the named build where there are any.
  - Changes nothing.
options:
  _terms:
    description: Names of hosts, as the inventory has them.
    type: list
    elements: str
    required: true
  engine:
    description: The engine on them.
    type: str
    required: true
  build:
    description: The engine's build. Without it, or before its first load, all loads of the engine count.
    type: str
    default: ''
  store_url:
    description: Where the store is, as C(lab_store_url) of the inventory.
    type: str
    required: true
  default:
    description: What a host has before its first load.
    type: int
    default: 268435456
seealso:
  - plugin: local_llm.lab.shortlist
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what llama.cpp takes on this host
  ansible.builtin.debug:
    msg: >-
      {{ lookup('local_llm.lab.overhead_bytes', inventory_hostname, engine='llama_cpp',
                store_url='sqlite:////srv/lab/store.sqlite') }}
"""

RETURN = r"""
_raw:
  description: Bytes, for each host.
  type: list
  elements: int
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.errors import LabError
from ..plugin_utils.store import Store


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[int]:
        self.set_options(var_options=variables, direct=kwargs)
        engine, build = self.get_option("engine"), self.get_option("build")
        try:
            with Store(self.get_option("store_url"), read_only=True) as store:
                measured = [store.overhead_bytes(str(host), engine, build) for host in terms]
        except LabError as error:
            raise AnsibleLookupError(str(error)) from None
        return [self.get_option("default") if one is None else one for one in measured]

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that every module which speaks to an engine shares."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  engine:
    description: What serves models on this host.
    type: str
    required: true
    choices: [llama_cpp, lm_studio, ollama, openai_compatible]
  base_url:
    description:
      - Where the engine listens, as seen from the host itself; a loopback URL such as V(http://127.0.0.1:8137).
      - For O(engine=openai_compatible) the address of its API, such as V(https://api.example.com/v1).
    type: str
    required: true
  engine_options:
    description:
      - What this engine needs to know beyond its address.
      - >-
        For V(llama_cpp), one of C(python), C(server) and C(router). C(python) is an interpreter that has xllamacpp, as
        the role P(local_llm.lab.llama_cpp#role) makes one, and C(server) is a llama-server program; with either,
        C(state_dir) is a folder of this engine alone and C(threads) says how many CPU threads it may use (V(0) lets
        llama.cpp choose). With C(router) V(true) a llama-server in router mode runs at O(base_url) already;
        C(presets_file) is the file it was started with as C(--models-preset), which is then written before each load.
      - >-
        For V(lm_studio): C(lms), the path of its program, without which only its REST API is used (no C(parallel) per
        load, no import); C(home), its folder (C(~/.lmstudio)); and what it is configured with and tells nowhere,
        C(parallel) (V(4)), C(kv_type) and C(flash_attention).
      - >-
        For V(ollama), what its server was configured with and does not tell: C(kv_type), C(flash_attention),
        C(parallel). On Linux the environment of the running server is believed before them, where it may be read.
      - >-
        For V(openai_compatible): C(api_key_file), a file that only its owner may read and that holds the key; without
        it no key is sent.
      - >-
        For every engine: C(processes), the names of the programs that hold its models, for when it does not answer.
    type: dict
    default: {}
"""

    ON_THE_HOST = r"""
requirements:
  - Python 3.9 or newer on the host, and nothing else
attributes:
  check_mode:
    description: Can run in check mode and tell what it would do without doing it.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: none
"""

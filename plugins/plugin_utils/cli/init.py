# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab init`: a user's own folder, from the inventory the collection ships."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...module_utils.errors import LabError
from ..paths import COLLECTION_ROOT

SWEEP_PLAYBOOK = """\
- name: Sweep
  ansible.builtin.import_playbook: local_llm.lab.sweep
"""
GITIGNORE = "# Models, the store, transcripts and cards\n/lab/\n"


def init(folder: Path) -> int:
    """Write inventory/, ansible.cfg, sweep.yml and .gitignore into `folder`; refuse to touch what is there."""
    taken = [name for name in ("inventory", "ansible.cfg", "sweep.yml", ".gitignore") if (folder / name).exists()]
    if taken:
        raise LabError(
            f"{folder} already has {', '.join(taken)}; nothing was written.", "name an empty or a new folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(COLLECTION_ROOT / "inventory", folder / "inventory")
    shutil.copyfile(COLLECTION_ROOT / "ansible.cfg", folder / "ansible.cfg")
    (folder / "sweep.yml").write_text(SWEEP_PLAYBOOK)
    (folder / ".gitignore").write_text(GITIGNORE)
    print(f"{folder}: put your hosts into inventory/hosts.yml, then run there: ansible-playbook sweep.yml -l <host>")
    return 0

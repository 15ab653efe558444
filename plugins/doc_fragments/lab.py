# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several action plugins share."""

from __future__ import annotations


class ModuleDocFragment:
    STORE = r"""
options:
  lab_home:
    description: Folder on the controller for transcripts, reports and progress.
    type: path
    required: true
  store_url:
    description: SQLAlchemy URL of the store, SQLite or PostgreSQL.
    type: str
    required: true
"""

    SWEEP = r"""
options:
  sweep:
    description: Path of the sweep file.
    type: path
    required: true
  catalog:
    description: Path of the model catalog.
    type: path
    required: true
  canary_folders:
    description: Folders searched for canaries before the suite the collection ships.
    type: list
    elements: path
    default: []
"""

    ENGINE_ACCESS = r"""
options:
  block:
    description: The block, as RV(local_llm.lab.sweep_round#module:block).
    type: dict
    required: true
  base_url:
    description: Where the controller reaches the engine; a loopback URL, a tunnel's end where the engine is remote.
    type: str
    required: true
  api_key:
    description: Key of a cloud API. Keep it in a vault.
    type: str
"""

    ON_THE_CONTROLLER = r"""
notes:
  - Runs on the controller, whatever host it is called for.
attributes:
  diff_mode:
    description: Returns what changed in diff mode.
    support: none
"""

    PLANS_ONLY = r"""
attributes:
  check_mode:
    description: Can run in check mode and tell what it would do without doing it.
    support: full
"""

    CHECKED = r"""
notes:
  - Runs on the controller, whatever host it is called for.
attributes:
  check_mode:
    description: Can run in check mode and tell what it would do without doing it.
    support: full
  diff_mode:
    description: Returns what changed in diff mode.
    support: full
"""

    NOT_IN_CHECK_MODE = r"""
attributes:
  check_mode:
    description: Can run in check mode and tell what it would do without doing it.
    support: none
    details: Is skipped in check mode.
"""

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/store.md are run, and the tables it names are those of an export."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.export import TABLES
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store

ROOT = Path(__file__).resolve().parents[3]
RELEASED = ROOT / "tests/integration_py/store/data/release_1_0_0.sql"
PAGE = (ROOT / "docs" / "store.md").read_text()
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)).splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where somebody swept `demo` once."""
    (tmp_path / "lab/trials/1").mkdir(parents=True)
    with sqlite3.connect(tmp_path / "lab/store.sqlite") as connection:
        connection.executescript(RELEASED.read_text().replace("'nightly', 1,", "'demo', 1,"))
    connection.close()
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    return tmp_path


def test_its_commands_do_what_they_say(folder: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
    assert (folder / "trials-copy/1").is_dir()
    with Store(f"sqlite:///{folder}/store-copy.sqlite") as copy, Store(f"sqlite:///{folder}/lab/store.sqlite") as store:
        assert copy.summary(2) == store.summary(2)
    assert {path.suffix for path in (folder / "tables").iterdir()} == {".csv", ".jsonl"}


def test_it_names_the_tables_of_an_export() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.partition("| table |")[2], re.MULTILINE)
    assert tuple(rows) == TABLES

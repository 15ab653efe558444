# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/shortlist.md is what the shortlist makes of the catalog above it, and its commands are run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings.words import size
from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist import Asked, shortlist
from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist.rows import speed_text
from ansible_collections.local_llm.lab.plugins.plugin_utils.steps.catalog import catalog_shapes

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "shortlist.md").read_text()
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)).splitlines()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BY_THEMSELVES = ["make bench ONLY=shortlist"]
GIB = 1024**3
HOSTS = [
    {
        "name": name,
        "usable_bytes": usable * GIB,
        "reserve_bytes": 8 * GIB,
        "overhead_bytes": GIB // 4,
        "memory_bandwidth_bytes_per_second": bandwidth,
    }
    for name, usable, bandwidth in (("gb10", 118, 273e9), ("mac", 30, 120e9))
]


def models(example: str, folder: Path) -> list[dict[str, Any]]:
    (folder / "catalog.yml").write_text(example)
    read = catalog_shapes(str(folder / "catalog.yml"), str(folder), "", read=[], write=False)
    return list(read["models"])


def rows(folder: Path) -> Iterator[str]:
    for row in shortlist(models(EXAMPLES[0], folder), HOSTS, Asked(32768)).rows:
        speed = speed_text(row.predicted_tokens_per_second or 0)
        cells = (row.host, row.model, row.verdict.value, size(row.predicted_bytes), row.largest_context_tokens, speed)
        yield f"| {' | '.join(map(str, cells))} | {row.why} |"


def test_the_table_is_what_the_shortlist_says(tmp_path: Path) -> None:
    shown = [line for line in PAGE.splitlines() if line.startswith(("| gb10", "| mac"))]
    assert shown == list(rows(tmp_path))


def test_every_variable_it_names_is_one_the_playbook_reads() -> None:
    files = [*(ROOT / "playbooks").rglob("shortlist*.yml"), ROOT / "playbooks" / "tasks" / "bandwidth.yml"]
    playbook = "".join(path.read_text() for path in files)
    named = set(re.findall(r"^\| `((?:lab|shortlist|gguf_models)_\w+)`", PAGE, re.MULTILINE))
    assert len(named) >= 8
    for variable in named:
        assert re.search(rf"\b{variable}\b", playbook), variable


def test_the_cloud_model_it_shows_is_one_the_catalog_takes(tmp_path: Path) -> None:
    (far,) = models(EXAMPLES[1], tmp_path)
    assert far["cloud"]["prices"][0]["cached_per_million"] == 0.3


@pytest.mark.timeout(400)
def test_its_commands_answer(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "scripts" / "lab"), "init", str(tmp_path / "lab-folder")], check=True)
    path = os.pathsep.join([str(ROOT / "scripts"), str(Path(sys.executable).parent), os.environ["PATH"]])
    run = [command for command in COMMANDS if command not in BY_THEMSELVES]
    assert len(run) == 2
    for command in run:
        done = subprocess.run(
            command.replace("scripts/lab", f"{sys.executable} {ROOT}/scripts/lab"),
            shell=True, cwd=tmp_path / "lab-folder", env=os.environ | {"PATH": path},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "shortlist for 4096 tokens of context" in done.stdout

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command a document shows is run by a test: here, or where RUN_ELSEWHERE says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FIRST_LOOK = "scripts/lab sweep inventory/sweeps/first_look.yml -l embedded --check"
RUN_ELSEWHERE = {
    "make sweep": "extensions/molecule/sweep/converge.yml",
    "make test": ".ci/run",
    "make lint": "Makefile",
    "scripts/lab sweep -l embedded --new": "tests/integration_py/sweep/test_sweep.py (the same words, a tiny model)",
    "scripts/lab shortlist -l embedded --check": "tests/integration_py/docs/test_shortlist_page.py (on tiny models)",
    "scripts/lab doctor -l embedded": "tests/integration_py/doctor/test_doctor.py (on its own hosts)",
    "ansible-playbook sweep.yml -l gb10": "tests/integration_py/sweep/test_playbook.py (on embedded: no GB10 is here)",
}
PAGES = {
    "docs/outcomes.md": {
        ".venv/bin/python -m pytest -q tests/integration_py/agent": "Makefile (gate-pytest-integration)"
    },
    "docs/sizing.md": {"make bench ONLY=sizing": "tests/integration_py/benchmarks/test_sizing.py (a few of its loads)"},
    "docs/transcripts.md": {FIRST_LOOK: "tests/integration_py/docs/test_readme.py"},
}
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str = "README.md") -> list[str]:
    blocks = BLOCK.findall((ROOT / page).read_text())
    return [line for block in blocks for line in block.splitlines() if line]


def run(command: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, shell=True, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_command_of_the_readme_has_a_test() -> None:
    here = {". .venv/bin/activate", "scripts/lab init my-lab", "cd my-lab", "make help"}
    here |= {"ansible-playbook sweep.yml -l gb10 --check", "scripts/lab sweep -l embedded --check"}
    assert set(commands()) == here | set(RUN_ELSEWHERE)
    for where in RUN_ELSEWHERE.values():
        assert (ROOT / where.partition(" ")[0]).is_file(), where


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_has_a_test(page: str) -> None:
    assert set(commands(page)) == set(PAGES[page])
    for where in PAGES[page].values():
        assert (ROOT / where.partition(" ")[0]).is_file(), where


def test_init_makes_a_folder_in_which_the_two_line_playbook_plans(tmp_path: Path) -> None:
    folder = tmp_path / "my-lab"
    run(f"{sys.executable} {ROOT}/scripts/lab init {folder}", tmp_path)
    assert len((folder / "sweep.yml").read_text().splitlines()) == 2
    hosts = folder / "inventory" / "hosts.yml"
    here = "ansible_connection: local\n          ansible_python_interpreter: '{{ ansible_playbook_python }}'"
    hosts.write_text(hosts.read_text().replace("ansible_host: gb10.example.net", here))
    said = run("ansible-playbook sweep.yml -l gb10 --check", folder)
    assert "18 trials" in said and "nothing runs" in said
    assert not (folder / "lab").exists()


def test_init_touches_nothing_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "sweep.yml").write_text("mine")
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "lab"), "init", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "sweep.yml" in done.stderr and "Remedy" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.yml"]


@pytest.mark.parametrize("command", ["scripts/lab sweep -l embedded --check", FIRST_LOOK, "make help"])
def test_the_readme_s_quick_commands_work(command: str) -> None:
    assert run(f"{sys.executable} {command}" if command.startswith("scripts") else command, ROOT)

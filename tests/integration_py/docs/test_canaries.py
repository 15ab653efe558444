# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/canaries.md and canaries/README.md: every command is run, the table is what is there, the examples work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import Resources, find, load, names
from ansible_collections.local_llm.lab.plugins.plugin_utils.cli.canary import table
from ansible_collections.local_llm.lab.plugins.plugin_utils.paths import SHIPPED_CANARIES
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Sandbox, select
from ansible_collections.local_llm.lab.plugins.plugin_utils.verify import Stage
from ansible_collections.local_llm.lab.tests.fakes import sample_canaries as sample

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "canaries.md").read_text()
DETAILS = (ROOT / "canaries" / "README.md").read_text()
OWN = "scripts/lab canary verify --canaries canaries"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]


def run(command: str, folder: Path) -> str:
    words = [sys.executable, str(ROOT / "scripts" / "lab"), *command.split()[1:]]
    done = subprocess.run(words, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != OWN])
def test_a_command_of_the_page_works(command: str, tmp_path: Path) -> None:
    assert run(command, tmp_path)


def test_the_page_s_own_canary_is_verified_by_the_page_s_own_command(tmp_path: Path) -> None:
    assert OWN in COMMANDS
    theirs = sample.Theirs(tmp_path / "my-project")
    (shown,) = [yaml.safe_load(block) for block in blocks(PAGE, "yaml")]
    commits = {
        "commit": theirs.commit,
        "tests_commit": theirs.tests_commit,
        "reference_commit": theirs.reference_commit,
    }
    assert commits.keys() <= shown.keys()
    (tmp_path / "canaries").mkdir()
    command = [*shown["test_command"], "-t", "."]  # the sample's tests are a package
    (tmp_path / "canaries" / "mine.yml").write_text(yaml.safe_dump(shown | commits | {"test_command": command}))
    said = run(OWN, tmp_path)
    assert "ok   mine, grade 2" in said and "not tried" in said


def test_the_table_is_what_is_there() -> None:
    shown = re.search(r"<!-- scripts/lab canary list -->\n(.*?)\n<!-- end -->", PAGE, re.DOTALL)
    assert shown is not None
    there = [find(name, [SHIPPED_CANARIES]) for name in names(SHIPPED_CANARIES)]
    assert shown[1] == "\n".join(table(there)), "put what scripts/lab canary list prints into docs/canaries.md"


def test_every_key_of_canary_yml_is_described() -> None:
    schema = yaml.safe_load((ROOT / "plugins/plugin_utils/canary/canary.schema.json").read_text())
    rows = "".join(line.partition("|")[2].partition("|")[0] for line in DETAILS.splitlines() if line.startswith("| `"))
    assert {name for name in schema["properties"] if f"`{name}`" not in rows} == set()
    described = yaml.safe_load((ROOT / "plugins/plugin_utils/canary/repository.schema.json").read_text())
    (example,) = blocks(PAGE, "yaml")
    assert {name for name in described["properties"] if f"{name}:" not in example and f"`{name}" not in PAGE} == set()


FINDINGS = {
    "all": ('[{"file":"cache.py","line":40},{"file":"cache.py","line":88},{"file":"fetch.py","line":19}]', True, 3, 0),
    "one_twice": ('[{"file":"cache.py","line":41},{"file":"cache.py","line":41}]', False, 1, 0),
    "everything": ("[" + ",".join(f'{{"file":"cache.py","line":{line}}}' for line in range(200)) + "]", False, 2, 186),
    "nothing": ("[]", False, 0, 0),
    "no_findings": ("none", False, 0, 1),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_the_reviewer_s_example_counts_as_it_says(name: str, tmp_path: Path) -> None:
    text, passes, found, false_flags = FINDINGS[name]
    (example,) = [block for block in blocks(DETAILS, "python") if "PLANTED" in block]
    generator = "\n".join(
        [
            "import pathlib, sys",
            "out = pathlib.Path(sys.argv[2])",
            "for name in ('start', 'hidden', 'reference'): (out / name).mkdir()",
            "(out / 'start' / 'README.md').write_text('Review')",
            f"(out / 'hidden' / 'test_review.py').write_text({example!r})",
        ]
    )
    folder = sample.write_generated(tmp_path, generator)
    description = folder / "canary.yml"
    described = yaml.safe_load(description.read_text())
    described |= {"duty": "reviewer", "hidden": {"tests": 1, "seconds": 60}}
    description.write_text(yaml.safe_dump(described))

    def act(sandbox: Sandbox) -> None:
        sandbox.call("write", {"path": "findings.json", "content": text}, 30)
        assert sandbox.call("push", {"message": "Review"}, 60)["ok"]

    graded = Stage(select(), Resources()).play(load(folder), act)
    assert graded.passed == passes, graded.log
    assert graded.scores == {"planted": 3, "found": found, "false_flags": false_flags}

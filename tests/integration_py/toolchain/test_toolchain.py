# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The toolchain: built once, whole or not at all, by one builder at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.canary import Package, Resources, load
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import SandboxSpec, select
from ansible_collections.local_llm.lab.plugins.plugin_utils.toolchain import (
    ToolchainError,
    ensure,
    make_ready,
    packages,
    planned,
)
from ansible_collections.local_llm.lab.tests.fakes import sample_canaries as sample

BUILD = """
import sys
from pathlib import Path
from ansible_collections.local_llm.lab.plugins.plugin_utils.toolchain import ensure
print(ensure(Path(sys.argv[1]), [], lambda line: None), flush=True)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by two at once, as two sweeps would, under a umask that lets nobody else read."""
    home = tmp_path_factory.mktemp("home")
    before = os.umask(0o077)
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _unused: ensure(home, [Package(**sample.TINYDB)], print), range(2))
    finally:
        os.umask(before)
    assert first == second
    return first


def test_two_builders_make_one_and_leave_nothing_beside_it(built: Path) -> None:
    assert sorted(path.name for path in built.parent.iterdir()) == [".lock", built.name]
    assert sorted(path.name for path in built.iterdir()) == ["inside", "packages"]
    assert not (built / "inside" / "site" / "bin").exists()
    assert [path.name for path in (built / "packages").iterdir()] == ["tinydb-4.8.2"]
    assert ensure(built.parents[1], [Package(**sample.TINYDB)], pytest.fail) == built


def test_it_imports_and_runs_in_a_sandbox_whoever_built_it(built: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert True\n")
    (tmp_path / "play.yml").write_text("[{hosts: localhost, gather_facts: false, tasks: [{debug: {msg: done}}]}]")
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o777 if path.is_dir() else 0o644)
    spec = SandboxSpec(tmp_path, readonly=[(built / "inside", "/opt/lab/toolchain")])
    with select().open(spec) as sandbox:
        for command, said in (
            ("python3 -m pytest -q -p no:cacheprovider", "1 passed"),
            ("python3 -m ansible playbook play.yml", "done"),
            ("python3 -c 'import yaml, ansible; print(yaml.__file__)'", "/opt/lab/toolchain/site/yaml"),
            ("python3 -I -c 'import ansible' || echo isolated", "isolated"),
        ):
            reply = sandbox.call("run", {"command": ["sh", "-c", command], "timeout_seconds": 60}, 90)
            assert reply["exit_code"] == 0 and said in str(reply["output"]), reply


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_another_python_can_use_it(built: Path, version: str) -> None:
    """Compiled parts are of the builder's Python: what imports them has to do without."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = sorted(root.glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"there is no Python {version} here")
    words = "import yaml, jinja2, pytest, ansible.cli.playbook; print(yaml.safe_load('{a: 1}'))"
    environment = {"PYTHONPATH": str(built / "inside" / "site"), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"}
    done = subprocess.run(
        [str(found[0]), "-c", words], env=environment | {"LANG": "C.UTF-8"}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "{'a': 1}\n", done.stderr


def test_a_killed_build_leaves_nothing_that_is_used_and_the_next_one_clears_up(tmp_path: Path) -> None:
    wanted = planned(tmp_path, [])
    builder = subprocess.Popen([sys.executable, "-c", BUILD, str(tmp_path)], start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(wanted.parent.glob(".building-*/*/*")) and time.monotonic() < deadline:
        assert builder.poll() is None
        time.sleep(0.01)
    os.killpg(builder.pid, signal.SIGKILL)
    builder.wait()
    assert not wanted.exists() and list(wanted.parent.glob(".building-*"))
    assert ensure(tmp_path, [], print) == wanted
    assert (wanted / "inside" / "site" / "pytest").is_dir()
    assert not list(wanted.parent.glob(".building-*"))


def test_without_an_index_the_error_names_the_package_and_the_mirror(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(ToolchainError, match=r"ansible-core==.*PIP_INDEX_URL.*PIP_FIND_LINKS"):
        ensure(tmp_path / "home", [], print)
    assert not planned(tmp_path / "home", []).exists()


def test_only_who_needs_it_waits_for_it(tmp_path: Path) -> None:
    plain = load(sample.write_generated(tmp_path / "root"))
    assert make_ready([plain], [tmp_path / "root"], tmp_path / "home", pytest.fail) == Resources(
        None, tmp_path / "home" / "repositories"
    )
    assert not (tmp_path / "home").exists()
    sample.write_package(tmp_path / "root")
    assert packages([tmp_path / "root"]) == [Package(**sample.TINYDB)]


def test_its_name_covers_what_it_is_made_of(tmp_path: Path) -> None:
    tinydb = Package(**sample.TINYDB)
    other = Package(**(sample.TINYDB | {"sha256": "0" * 64}))
    assert len({planned(tmp_path, wanted) for wanted in ([], [tinydb], [other])}) == 3

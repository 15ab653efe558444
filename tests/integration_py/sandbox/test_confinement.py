# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What model-written code can see and write to."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import (
    TOOLCHAIN,
    Backend,
    Limits,
    Sandbox,
    SandboxDied,
    SandboxSpec,
    SandboxUnavailable,
    select,
)

from .conftest import Run, holders, running, seen

PLACES = ("/workspace", "/origin.git", "/tmp", "/home/agent")


def test_the_environment_is_ours_alone(run: Run) -> None:
    lines = dict(line.split("=", 1) for line in run("env")["output"].splitlines())
    assert set(lines) <= {
        *("PATH", "HOME", "LANG", "TZ", "PWD", "LD_LIBRARY_PATH"),
        *("PYTHONPATH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE"),
        *(name for name in lines if name.startswith("GIT_")),
    }
    fixed = {"HOME": "/home/agent", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}
    assert fixed.items() <= lines.items()


def test_only_workspace_and_private_folders_can_be_written(run: Run) -> None:
    for place in ("/", "/usr", "/etc", "/opt/lab", "/opt/lab/tool_server", "/usr/bin", "/dev", "/proc/sys"):
        assert run("touch", f"{place}/planted")["exit_code"] != 0, place
    for place in ("/workspace", "/tmp", "/home/agent", "/dev/shm"):
        assert run("touch", f"{place}/planted")["exit_code"] == 0, place
    assert not Path("/tmp/planted").exists()


def test_what_is_written_to_is_memory_of_its_own_and_of_the_size_that_was_asked_for(
    backend: Backend, tmp_path: Path
) -> None:
    limits = Limits(workspace_bytes=64 * 2**20, origin_bytes=32 * 2**20, tmp_bytes=16 * 2**20)
    with backend.open(SandboxSpec(origin=tmp_path, limits=limits)) as sandbox:
        run = running(sandbox)
        sizes = run("df", "--block-size=1M", "--output=size", *PLACES)["output"].split()[1:]
        assert sizes == ["64", "32", "16", "16"]
        assert set(run("stat", "-f", "-c", "%T", *PLACES, "/dev/shm")["output"].split()) == {"tmpfs"}
        assert run("sh", "-c", f"for place in {' '.join(PLACES)}; do test -O $place || exit 1; done")["exit_code"] == 0


def test_nobody_is_root_and_no_capability_is_left(run: Run) -> None:
    program = "import os; print(os.getresuid() + os.getresgid(), os.getgroups())"
    assert " 0," not in run("python3", "-c", program)["output"].replace("(", " ")
    status = dict(
        line.split(":\t", 1) for line in run("cat", "/proc/self/status")["output"].splitlines() if "\t" in line
    )
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"


def test_root_s_sandbox_is_another_user_outside_too(sandbox: Sandbox, run: Run) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has root to lose")
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(run, "sleep", "987653.25")
        assert seen("987653.25")
        uids = {os.stat(f"/proc/{pid}").st_uid for pid in holders("sleep\0987653.25")}
        sandbox.kill()
        assert isinstance(told.exception(), SandboxDied)
    assert min(uids) >= 60_000


def test_the_folders_begin_as_copies_and_nothing_gets_back(backend: Backend, tmp_path: Path) -> None:
    for name in ("workspace", "origin"):
        (tmp_path / name / "folder").mkdir(parents=True)
        (tmp_path / name / "folder" / "file").write_text(name)
        (tmp_path / name / "program").write_text("#!/bin/sh\necho runs\n")
        (tmp_path / name / "program").chmod(0o700)
        (tmp_path / name / "link").symlink_to("folder/file")
    script = """
        for place in /workspace /origin.git; do
            cat $place/link; $place/program; echo changed > $place/link; rm $place/program; touch $place/new
        done
        ! touch /opt/lab/start/workspace/new 2>/dev/null
        ! rm -f /opt/lab/start/workspace/program 2>/dev/null
        """
    with backend.open(SandboxSpec(tmp_path / "workspace", tmp_path / "origin")) as sandbox:
        reply = running(sandbox)("sh", "-euc", script)
    assert (reply["exit_code"], reply["output"]) == (0, "workspaceruns\noriginruns\n")
    for name in ("workspace", "origin"):
        assert (tmp_path / name / "folder" / "file").read_text() == name
        assert sorted(os.listdir(tmp_path / name)) == ["folder", "link", "program"]


def test_a_repository_that_does_not_fit_is_an_error_that_says_so(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(2**20))
    with pytest.raises(SandboxDied, match="No space left"):
        backend.open(SandboxSpec(tmp_path, limits=Limits(workspace_bytes=2**19)))


def test_what_is_mounted_read_only_stays_so(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "a").write_text("given")
    (tmp_path / "given").chmod(0o777)
    (tmp_path / "given" / "a").chmod(0o666)
    with backend.open(SandboxSpec(readonly=[(tmp_path / "given", "/given")])) as sandbox:
        reply = running(sandbox)("sh", "-c", "cat /given/a && ! echo x > /given/a && ! touch /given/b")
    assert reply["exit_code"] == 0, reply
    assert (tmp_path / "given" / "a").read_text() == "given"


def test_the_toolchain_is_found_by_what_runs_and_not_by_what_judges(backend: Backend, tmp_path: Path) -> None:
    """Whatever is in it, neither the tool server nor an isolated process imports it."""
    tmp_path.chmod(0o755)
    (tmp_path / "site").mkdir()
    for name in ("json", "unittest", "subprocess", "select"):
        (tmp_path / "site" / f"{name}.py").write_text("import os\nos._exit(7)\n")
    (tmp_path / "site" / "dependency.py").write_text("print('found')\n")
    with backend.open(SandboxSpec(readonly=[(tmp_path, TOOLCHAIN)])) as sandbox:
        run = running(sandbox)
        assert run("python3", "-c", "import dependency")["output"] == "found\n"
        assert run("python3", "-c", "import unittest")["exit_code"] == 7
        assert run("python3", "-I", "-S", "-B", "-c", "import json, unittest, subprocess")["exit_code"] == 0
        assert run("python3", "-I", "-c", "import dependency")["exit_code"] == 1


def test_what_is_masked_is_empty_and_stays_so(backend: Backend) -> None:
    """So a collection installed system-wide does not show its canaries."""
    if backend.name == "docker":
        pytest.skip("nothing of the host's /usr is in a container")
    with backend.open(SandboxSpec(masked=[Path("/usr/share")])) as sandbox:
        script = "ls -A /usr/share && ! touch /usr/share/x 2>/dev/null && ! umount /usr/share 2>/dev/null"
        reply = running(sandbox)("sh", "-c", script)
    assert (reply["exit_code"], reply["output"]) == (0, "")


def test_no_sandbox_is_an_error_with_the_remedy() -> None:
    with pytest.raises(SandboxUnavailable, match="docker: no image is named"):
        select("docker")
    with pytest.raises(SandboxUnavailable, match="Use bubblewrap, unshare or docker:IMAGE"):
        select("chroot")
    with pytest.raises(SandboxUnavailable) as error:
        select("docker:no-such-image-of-ours")
    assert "Install bubblewrap" in error.value.remedy

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What model-written code can not see, reach, or leave behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import (
    Backend,
    Sandbox,
    SandboxDied,
    SandboxSpec,
    SandboxUnavailable,
    remove_tree,
    select,
)

KEY = "sk-planted-0123456789"


@pytest.fixture(autouse=True)
def planted_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def holders(mark: str) -> list[int]:
    """Processes of this machine with a mark in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def gone(mark: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while holders(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_the_environment_is_ours_alone(run: Any) -> None:
    names = {line.partition("=")[0] for line in run("env")["output"].splitlines()}
    assert names <= {
        *("PATH", "HOME", "LANG", "TZ", "PWD", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH"),
        *(name for name in names if name.startswith("GIT_")),
    }
    assert {"PATH", "HOME", "GIT_AUTHOR_NAME"} <= names


def test_a_planted_key_is_in_no_process_that_can_be_seen(run: Any) -> None:
    program = f"""
import glob, os
for path in [*glob.glob("/proc/[0-9]*/environ"), *glob.glob("/proc/[0-9]*/cmdline"), *glob.glob("/proc/[0-9]*/mem")]:
    try:
        data = open(path, "rb").read(1 << 20)
    except OSError:
        continue
    if "{KEY[:9]}".encode() + b"{KEY[9:]}" in data:
        print(path)
print("searched")
"""
    assert run("python3", "-", stdin=program)["output"] == "searched\n"
    assert run("cat", "/proc/1/environ")["exit_code"] != 0


def test_the_network_is_out_of_reach(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=3)"
        reply = run("python3", "-c", program)
    assert reply["exit_code"] != 0
    assert "Error" in reply["output"]
    assert run("python3", "-c", program.replace("127.0.0.1", "192.0.2.1"))["exit_code"] != 0


def test_the_host_s_files_are_not_there(run: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden tests")
    for path in (secret, Path.home() / ".bashrc", Path("/etc/shadow"), Path(__file__)):
        assert run("cat", str(path))["exit_code"] != 0, path
    shadow = run("cat", "/etc/shadow")["output"]
    assert "No such file" in shadow or "Permission denied" in shadow
    home = run("sh", "-c", "ls -A /home /root $HOME 2>/dev/null")["output"]
    assert not {name for name in os.listdir(Path.home()) if name not in (".", "agent")} & set(home.split())


def test_only_workspace_and_private_folders_can_be_written(run: Any) -> None:
    for place in ("/", "/usr", "/etc", "/opt/lab", "/usr/bin", "/dev", "/proc/sys"):
        assert run("touch", f"{place}/planted")["exit_code"] != 0, place
    for place in ("/workspace", "/tmp", "/home/agent", "/dev/shm"):
        assert run("touch", f"{place}/planted")["exit_code"] == 0, place
    assert not Path("/tmp/planted").exists()


def test_nobody_is_root_and_no_capability_is_left(run: Any) -> None:
    program = "import os; print(os.getresuid() + os.getresgid(), os.getgroups())"
    assert " 0," not in run("python3", "-c", program)["output"].replace("(", " ")
    status = dict(
        line.split(":\t", 1) for line in run("cat", "/proc/self/status")["output"].splitlines() if "\t" in line
    )
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"


def test_root_s_sandbox_is_another_user_outside_too(run: Any, workspace: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has root to lose")
    assert run("touch", "/workspace/mine")["exit_code"] == 0
    assert (workspace / "mine").stat().st_uid >= 60_000


def test_a_fork_bomb_is_bounded_and_over_with_its_command(sandbox: Sandbox, run: Any) -> None:
    bomb = """
import os, time
count = 0
while count < 2000:
    count += 1
    try:
        if os.fork() == 0:
            time.sleep(100)
    except OSError:
        break
print("forked", count)
"""
    output = run("python3", "-c", bomb, timeout_seconds=20)["output"]
    assert 10 < int(output.split()[-1]) < 80
    wild = "import os\nwhile True:\n try: os.fork()\n except OSError: pass\n"
    assert run("python3", "-c", wild, timeout_seconds=1)["timed_out"]
    assert run("true")["exit_code"] == 0


def test_memory_and_files_are_bounded(run: Any) -> None:
    assert "MemoryError" in run("python3", "-c", "bytearray(3 * 2**30)")["output"]
    assert run("sh", "-c", "head -c 3000000 /dev/zero > big; test $(stat -c %s big) -le 1048576")["exit_code"] == 0


def test_what_is_mounted_read_only_stays_so(backend: Backend, workspace: Path, tmp_path: Path) -> None:
    for name in ("given", "shared"):
        (tmp_path / name).mkdir()
    (tmp_path / "given" / "a").write_text("given")
    mounts = SandboxSpec(
        workspace, writable=[(tmp_path / "shared", "/shared")], readonly=[(tmp_path / "given", "/given")]
    )
    (tmp_path / "given").chmod(0o777)
    (tmp_path / "given" / "a").chmod(0o666)
    with backend.open(mounts) as sandbox:
        script = "cat /given/a && ! echo x > /given/a && ! touch /given/b && touch /shared/b"
        reply = sandbox.call("run", {"command": ["sh", "-c", script], "timeout_seconds": 10}, 20)
    assert reply["exit_code"] == 0, reply
    assert (tmp_path / "given" / "a").read_text() == "given"
    assert (tmp_path / "shared" / "b").exists()


def test_what_is_masked_is_empty_and_stays_so(backend: Backend, workspace: Path) -> None:
    """So a collection installed system-wide does not show its canaries."""
    if backend.name == "docker":
        pytest.skip("nothing of the host's /usr is in a container")
    with backend.open(SandboxSpec(workspace, masked=[Path("/usr/share")])) as sandbox:
        script = "ls -A /usr/share && ! touch /usr/share/x 2>/dev/null && ! umount /usr/share 2>/dev/null"
        reply = sandbox.call("run", {"command": ["sh", "-c", script], "timeout_seconds": 10}, 20)
    assert (reply["exit_code"], reply["output"]) == (0, "")


def test_closing_leaves_no_process(backend: Backend, workspace: Path) -> None:
    sandbox = backend.open(SandboxSpec(workspace))
    thread = threading.Thread(target=start_daemon, args=(sandbox, "987654.25"))
    thread.start()
    assert seen("987654.25")
    sandbox.kill()  # from another thread than the one whose call is in progress
    thread.join(20)
    assert not thread.is_alive()
    sandbox.close()
    assert not holders("sleep\0987654.25")


def start_daemon(sandbox: Sandbox, mark: str) -> None:
    script = f"setsid setsid sleep {mark} & sleep {mark}"
    with pytest.raises(SandboxDied):
        sandbox.call("run", {"command": ["sh", "-c", script], "timeout_seconds": 100}, 100)


def seen(mark: str) -> bool:
    deadline = time.monotonic() + 20
    while not holders(f"sleep\0{mark}"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


PARENT = """
import json, sys
from pathlib import Path
from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import SandboxSpec, select
backend, workspace, mark = sys.argv[1:]
with select(backend).open(SandboxSpec(Path(workspace))) as sandbox:
    sandbox.call("run", {"command": ["sh", "-c", f"setsid sleep {mark} & sleep {mark}"], "timeout_seconds": 100}, 100)
"""


def test_the_death_of_the_caller_ends_it(backend: Backend, workspace: Path, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params["backend"]
    mark = f"{os.getpid()}.75"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, name, str(workspace), mark], env=environment)
    try:
        assert seen(mark)
    finally:
        parent.kill()
        parent.wait()
    assert gone(f"sleep\0{mark}")


LITTER = {
    "without permissions": "mkdir -p a/b/c; touch a/b/c/d; ln -s / a/link; chmod 0 a/b/c a/b a /workspace",
    "too deep for a path": """exec python3 -c "
import os
for _ in range(1500):
    os.mkdir('d' * 100)
    os.chdir('d' * 100)
open('file', 'w').close()
" """,
}


@pytest.mark.parametrize("script", LITTER.values(), ids=LITTER)
def test_whatever_is_left_can_be_removed(script: str, run: Any, sandbox: Sandbox, workspace: Path) -> None:
    assert run("sh", "-c", script)["exit_code"] == 0
    sandbox.close()
    remove_tree(workspace)
    assert not workspace.exists()
    remove_tree(workspace)


def test_no_sandbox_is_an_error_with_the_remedy() -> None:
    with pytest.raises(SandboxUnavailable, match="docker: no image is named"):
        select("docker")
    with pytest.raises(SandboxUnavailable, match="Use bubblewrap, unshare or docker:IMAGE"):
        select("chroot")
    with pytest.raises(SandboxUnavailable) as error:
        select("docker:no-such-image-of-ours")
    assert "Install bubblewrap" in error.value.remedy

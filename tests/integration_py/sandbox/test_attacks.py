# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacks of docs/sandbox.md: each harmless, and each told in the reply, which is what the transcript keeps."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sandbox import Backend, Limits, Sandbox, SandboxSpec

from .conftest import Run, running

KEY = "sk-planted-0123456789"
MIB = 2**20


@contextmanager
def limited(backend: Backend, origin: Path | None = None, **limits: int) -> Iterator[Run]:
    with backend.open(SandboxSpec(origin=origin, limits=Limits(**limits))) as sandbox:
        yield running(sandbox)


def test_a_fork_bomb(run: Run) -> None:
    bomb = "import os\nwhile True:\n try: os.fork()\n except OSError: pass\n"
    reply = run("python3", "-c", bomb, timeout_seconds=1)
    assert reply["timed_out"]
    assert reply["limits"] == ["processes", "time"]
    counting = """
import os, time
count = 0
while count < 2000:
    count += 1
    try:
        if os.fork() == 0:
            time.sleep(100)
    except OSError:
        break
print(count)
"""
    reply = run("python3", "-c", counting)
    assert 10 < int(reply["output"]) < 80
    assert reply["left_running"] == int(reply["output"]) - 1
    assert reply["limits"] == ["processes"]
    reply = run("true")
    assert (reply["exit_code"], reply["left_running"], reply["limits"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("place", "name"),
    [("/workspace", "workspace"), ("/origin.git", "origin"), ("/tmp", "tmp"), ("/home/agent", "home")],
)
def test_ten_gigabytes(backend: Backend, place: str, name: str, tmp_path: Path) -> None:
    small = {"workspace_bytes": 32 * MIB, "origin_bytes": 32 * MIB, "tmp_bytes": 32 * MIB}
    with limited(backend, tmp_path, **small) as run:
        reply = run("sh", "-c", f"head -c 10G /dev/zero > {place}/big; echo $?; stat -c %s {place}/big")
        assert reply["output"].split()[-2:] == ["1", str(32 * MIB)]
        assert reply["limits"] == [f"{name} full"]
        assert run("sh", "-c", f"rm {place}/big; echo ours > {place}/small; cat {place}/small")["output"] == "ours\n"
    assert os.listdir(tmp_path) == []


def test_a_full_workspace_spoils_no_file(backend: Backend) -> None:
    with backend.open(SandboxSpec(limits=Limits(workspace_bytes=MIB))) as sandbox:
        assert sandbox.call("write", {"path": "file", "content": "ours"}, 10)["ok"]
        running(sandbox)("sh", "-c", "head -c 1G /dev/zero > big")
        reply = sandbox.call("write", {"path": "file", "content": "x" * 10_000}, 10)
        assert reply == {
            "ok": False,
            "error": "no space left: workspace full; nothing was changed",
            "limits": ["workspace full"],
        }
        assert sandbox.call("read", {"path": "file"}, 10)["content"] == "ours"


def test_a_large_file(sandbox: Sandbox, run: Run) -> None:
    reply = run("sh", "-c", "head -c 3000000 /dev/zero > big; stat -c %s big")
    assert reply["output"].split()[-1] == str(MIB)
    reply = run("sh", "-c", "exec head -c 3000000 /dev/zero > big")
    assert reply["limits"] == ["file size"]
    reply = sandbox.call("write", {"path": "big", "content": "x" * 3_000_000}, 10)
    assert (reply["ok"], reply["limits"]) == (False, ["file size"])


def test_a_million_files(backend: Backend) -> None:
    with limited(backend, files=2000) as run:
        reply = run("python3", "-c", "i = 0\nwhile True:\n i += 1; open(f'/tmp/{i}', 'w').close()")
        assert (reply["exit_code"], reply["timed_out"], reply["limits"]) == (None, False, ["files"])
        assert run("sh", "-c", "cd /tmp && find . -type f -delete && ls | wc -l")["output"] == "0\n"


def test_a_daemon(run: Run) -> None:
    started = time.monotonic()
    reply = run("sh", "-c", "setsid sh -c 'sleep 1000 & sleep 1000 & : > begun; wait' & until [ -e begun ]; do :; done")
    assert time.monotonic() - started < 60
    assert (reply["exit_code"], reply["left_running"]) == (0, 3)
    assert "sleep" not in run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")["output"].replace("sh -c", "")


def test_a_read_of_what_is_the_host_s(run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden tests")
    for path in (secret, Path.home() / ".bashrc", Path("/etc/shadow"), Path(__file__), Path("/proc/1/root/etc/shadow")):
        reply = run("cat", str(path))
        assert reply["exit_code"] == 1, path
        assert "No such file" in reply["output"] or "Permission denied" in reply["output"]
    home = run("sh", "-c", "ls -A /home /root $HOME 2>/dev/null")["output"]
    assert not {name for name in os.listdir(Path.home()) if name not in (".", "agent")} & set(home.split())


def test_a_read_of_other_processes(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    program = f"""
import glob
for path in [*glob.glob("/proc/[0-9]*/environ"), *glob.glob("/proc/[0-9]*/cmdline"), *glob.glob("/proc/[0-9]*/mem")]:
    try:
        data = open(path, "rb").read(1 << 20)
    except OSError:
        continue
    if "{KEY[:9]}".encode() + b"{KEY[9:]}" in data:
        print(path)
print("searched")
"""
    with limited(backend) as run:
        assert run("python3", "-", stdin=program)["output"] == "searched\n"
        for name in ("environ", "mem", "fd/3"):
            reply = run("cat", f"/proc/1/{name}")
            assert reply["exit_code"] == 1
            assert "Permission denied" in reply["output"]
        assert run("sh", "-c", "ls -d /proc/[0-9]* | wc -l")["output"].strip() in ("2", "3", "4")


def test_a_connection_to_the_engine_and_to_the_network(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as engine:
        port = engine.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            engine.accept()[0].close()
        engine.settimeout(0)
        for address in (("127.0.0.1", port), ("192.0.2.1", 80)):
            reply = run("python3", "-c", f"import socket; socket.create_connection({address!r}, timeout=3)")
            assert reply["exit_code"] == 1
            assert "Error" in reply["output"]
        with pytest.raises(BlockingIOError):
            engine.accept()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has sockets with abstract names")
def test_a_connection_to_an_abstract_socket(run: Run) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        name = f"\0lab-test-{os.getpid()}"
        listening.bind(name)
        listening.listen()
        reply = run("python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})")
    assert reply["exit_code"] == 1
    assert "Connection refused" in reply["output"]


def test_a_race_of_links(run: Run) -> None:
    """The sandbox's own file tools, against a process that swaps a folder and a link to what is outside the tree."""
    racing = """
import ctypes, os, sys
sys.path.append("/opt/lab")
from tool_server.files import Tree
from tool_server.words import Refused
os.makedirs("/tmp/secret")
open("/tmp/secret/file", "w").write("secret")
os.mkdir("a")
open("a/file", "w").write("ours")
os.symlink("/tmp/secret", "link")
libc, here, exchange = ctypes.CDLL(None, use_errno=True), -100, 2
swapper = os.fork()
while swapper == 0 and libc.renameat2(here, b"a", here, b"link", exchange) == 0:
    pass
tree, seen, refused = Tree(), set(), 0
while refused < 200 or not seen:
    try:
        seen.add(tree.read("a/file")["content"])
        tree.write(f"a/file{refused % 7}", "ours")
    except (Refused, FileNotFoundError):
        refused += 1
print(seen, os.listdir("/tmp/secret"))
"""
    reply = run("python3", "-c", racing)
    assert (reply["output"], reply["left_running"]) == ("{'ours'} ['file']\n", 1)


def test_a_memory_bomb(backend: Backend) -> None:
    with limited(backend, memory_bytes=256 * MIB) as run:
        reply = run("python3", "-c", "kept = []\nwhile True: kept.append(b'x' * 2**20)")
        assert reply["exit_code"] != 0
        assert reply["limits"] == ["memory"]
        assert "MemoryError" in run("python3", "-c", "bytearray(3 * 2**30)")["output"]
        together = "import os, time\nfor _ in range(4): os.fork()\nkept = b'x' * (100 * 2**20)\ntime.sleep(60)"
        started = time.monotonic()
        reply = run("python3", "-c", together, timeout_seconds=50)
        assert (reply["exit_code"], reply["timed_out"], reply["limits"]) == (None, False, ["memory"])
        assert time.monotonic() - started < 45
        shared = "import os, time\nkept = b'x' * (100 * 2**20)\nfor _ in range(4): os.fork()\ntime.sleep(0.5)"
        reply = run("python3", "-c", shared)
        assert reply["limits"] == []


def test_a_spin_past_its_limit(backend: Backend) -> None:
    with limited(backend, cpu_seconds=1) as run:
        spin = "import time\nwhile time.process_time() < 10: pass"
        for command in (["python3", "-c", spin], ["sh", "-c", 'python3 -c "$1"; exit $?', "sh", spin]):
            reply = run(*command, timeout_seconds=60)
            assert reply["exit_code"] in (-24, 152)
            assert reply["limits"] == ["cpu"]
        stubborn = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
        reply = run("python3", "-c", stubborn, timeout_seconds=60)
        assert (reply["exit_code"], reply["limits"]) == (-9, ["cpu"])


def test_a_command_past_its_time(run: Run) -> None:
    started = time.monotonic()
    reply = run("sh", "-c", "setsid sleep 1000 & echo begun; sleep 1000", timeout_seconds=3)
    assert (reply["exit_code"], reply["timed_out"], reply["output"]) == (None, True, "begun\n")
    assert reply["limits"] == ["time"]
    assert time.monotonic() - started < 60


def test_the_kernel_ends_the_commands_before_anything_of_the_host(run: Run) -> None:
    assert run("cat", "/proc/self/oom_score_adj")["output"] == "1000\n"
    lower = "until [ $(cat /proc/1/oom_score_adj) -lt 1000 ]; do :; done"
    assert run("sh", "-c", lower)["exit_code"] == 0

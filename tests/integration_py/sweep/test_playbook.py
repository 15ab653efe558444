# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep without the script, and when something other than the model is at fault."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from .conftest import Folder

# A whole sweep, several times on a busy machine.
pytestmark = pytest.mark.timeout(400)

# On a busy machine a block's speed may drift, and the block is run once more.
DONE = "SELECT COUNT(*) FROM trials WHERE state = 'done' AND purpose = 'measure' AND stage = 'screen'"


def playbook(folder: Folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["ansible-playbook", "sweep.yml", "-l", "embedded", *arguments],
        cwd=folder.path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_two_line_playbook_does_the_same_work_and_shows_no_key(folder: Folder) -> None:
    key = "sk-in-use-2718281828"
    (folder.inventory / "group_vars" / "all.yml").write_text(f"lab_api_key: {key}\n")
    done = playbook(folder, "-vvv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert folder.rows(DONE) == [(6,)]
    assert key not in done.stdout + done.stderr
    for path in folder.home.rglob("*"):
        if path.is_file() and path.suffix != ".gguf":
            assert key.encode() not in path.read_bytes(), path


def test_an_engine_that_cannot_be_reached_is_not_the_models_fault(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    folder.host["lab_base_url"] = f"http://127.0.0.1:{port}"
    folder.write()
    code, output = folder.run()
    assert code == 2 and "engine" in output, output
    assert folder.rows("SELECT DISTINCT state FROM cells") == [("open",)]
    assert not folder.processes()

    del folder.host["lab_base_url"]
    folder.write()
    code, output = folder.run()
    assert code == 0 and folder.rows(DONE) == [(6,)], output


def test_two_models_one_after_the_other_and_the_reason_when_the_second_is_bad(folder: Folder) -> None:
    folder.catalog["other"] = folder.catalog["tiny"] | {"file": "other.gguf", "sha256": "1" * 64}
    folder.sweep["models"] = ["tiny", "other"]
    folder.write()
    code, output = folder.run()
    assert code == 2 and "Say which host did not finish" in output and "1" * 64 in output, output

    folder.catalog["other"] = folder.catalog["tiny"] | {"file": "other.gguf"}
    folder.write()
    code, output = folder.run("--new")
    assert code == 0, output
    assert folder.rows(f"{DONE.replace('COUNT', 'model, COUNT')} GROUP BY model") == [
        ("other", 6),
        ("tiny", 6),
    ]
    assert not folder.processes()


def test_a_host_that_somebody_else_holds_is_left_as_it_is(folder: Folder) -> None:
    hold = [sys.executable, "-m", "ansible", "adhoc", "embedded", "-i", str(folder.inventory)]
    engine = f"engine=llama_cpp base_url=http://127.0.0.1:{folder.port} engine_options={{}}"
    other = f"state=held owner=somebody deadline_seconds=120 keeper_dir={folder.keeper_dir} {engine}"
    subprocess.run([*hold, "-m", "local_llm.lab.keeper", "-a", other], check=True, capture_output=True)
    code, output = folder.run()
    assert code == 2 and "somebody" in output, output
    assert folder.rows(DONE) == [(0,)]


def test_ctrl_c_ends_it_and_the_same_command_goes_on(folder: Folder) -> None:
    folder.sweep["replicates"] = 12  # so many that it is not at its end before the signal arrives
    folder.write()
    process = folder.start()
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("trial 1/"):
            break
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 130 and "run the same command again" in output
    assert not [one for one in folder.processes() if "plugin_utils.trial" in " ".join(_words(one))]
    code, output = folder.run()
    assert code == 0 and "goes on" in output, output
    assert folder.rows(DONE) == [(24,)]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []

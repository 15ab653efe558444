# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/engines.md: its head and its section on llama.cpp, with the commands run against the real one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.engines import EngineUnreachable, LoadRequest, connect
from ansible_collections.local_llm.lab.tests.tools.engines_tables import PAGE, written

TEXT = PAGE.read_text(encoding="utf-8")
HEAD, SECTION = TEXT.partition("\n## ")[0], TEXT.partition("\n## llama_cpp\n")[2].partition("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | {"PATH": path, "ANSIBLE_NOCOLOR": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tables_are_what_the_engines_say_and_what_is_tested() -> None:
    assert written(TEXT) == TEXT, "run: python -m tests.tools.engines_tables"


def test_what_is_loaded_is_seen_and_unloaded_by_the_page_s_own_commands(
    llama_server: Callable[..., Any], tiny_gguf: Path
) -> None:
    engine = llama_server(tiny_gguf)
    shown, _unused = map(yaml.safe_load, blocks(SECTION, "yaml"))
    address = f"http://127.0.0.1:{shown['lab_engine_port']}"
    local = f"localhost -c local -e ansible_python_interpreter={sys.executable}"
    said = []
    for command in blocks(HEAD, "sh")[0].splitlines():
        asked, written_as = json.loads(command.partition(" -a ")[2].strip("'")), shown["lab_engine_options"]
        assert (asked["engine"], asked["base_url"], asked["engine_options"]) == ("llama_cpp", address, written_as)
        here = command.replace("gb10", local).replace(address, engine.base_url)
        here = here.replace(json.dumps(written_as), json.dumps(engine.options))
        said.append(yaml.safe_load(run(here).partition("=>")[2]))
    info, unloaded = said
    assert [one["id"] for one in info["instances"]] == ["tiny"] and not info["changed"]
    assert unloaded["changed"] and unloaded["unloaded"] == ["tiny"]
    assert engine.loaded() == []


def test_llama_cpp_is_verified_by_the_page_s_own_commands(llama_server: Callable[..., Any], tiny_gguf: Path) -> None:
    engine = llama_server(tiny_gguf, context_tokens=2048)
    shown, _unused = map(yaml.safe_load, blocks(SECTION, "yaml"))
    props, log = (
        run(
            command.replace(str(shown["lab_engine_port"]), str(engine.port)).replace(
                shown["lab_engine_options"]["state_dir"], str(engine.state_dir)
            )
        )
        for command in blocks(SECTION, "sh")[0].splitlines()
    )
    assert json.loads(props)["default_generation_settings"]["n_ctx"] == 2048
    assert "size =    2.00 MiB" in log and "n_expert_used         = 2" in log


def test_a_router_is_started_by_the_page_s_own_command(free_port: int, tmp_path: Path, tiny_gguf: Path) -> None:
    program = os.environ.get("LAB_LLAMA_SERVER") or shutil.which("llama-server")
    if not program:
        pytest.skip("no llama-server: set LAB_LLAMA_SERVER, or run make nightly, which builds one")
    _unused, shown = map(yaml.safe_load, blocks(SECTION, "yaml"))
    options = {**shown["lab_engine_options"], "presets_file": str(tmp_path / "presets.ini")}
    words = blocks(SECTION, "sh")[1].split()
    places = {"llama-server": program, str(shown["lab_engine_port"]): str(free_port)}
    places[shown["lab_engine_options"]["presets_file"]] = options["presets_file"]
    Path(options["presets_file"]).touch()
    engine = connect(shown["lab_engine"], f"http://127.0.0.1:{free_port}", options)
    with subprocess.Popen(
        [places.get(word, word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as router:
        try:
            end = time.monotonic() + 60
            while True:
                try:
                    engine.build()
                    break
                except EngineUnreachable:
                    assert time.monotonic() < end and router.poll() is None
                    time.sleep(0.1)
            assert engine.settings().jit_loading is False
            instance = engine.load(LoadRequest("tiny", str(tiny_gguf), 2048, kv_type="q8_0"), timeout_seconds=60)
            assert engine.loaded() == [instance]
            engine.unload("tiny")
        finally:
            router.terminate()

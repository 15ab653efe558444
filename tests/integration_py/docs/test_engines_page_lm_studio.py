# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/engines.md: its options are the engine's, and the commands that verify LM Studio run against its simulator."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import yaml

from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect
from ansible_collections.local_llm.lab.tests.fakes.lm_studio import MIB, LmStudio, Model

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "engines.md").read_text()
SECTION = re.search(r"^## lm_studio\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    assert SECTION
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION.group(1), re.MULTILINE | re.DOTALL)


def test_lm_studio_is_verified_by_the_page_s_own_commands(tmp_path: Path) -> None:
    (shown,) = map(yaml.safe_load, blocks("yaml"))
    (commands,) = blocks("sh")
    tiny = Model("org/tiny", "org/tiny-GGUF/tiny.gguf", MIB, 3)
    (tmp_path / "tiny.gguf").write_bytes(b"123")
    with LmStudio([tiny], home=tmp_path / ".lmstudio") as studio:
        options = {**shown["lab_engine_options"], "lms": str(studio.program()), "home": str(studio.home)}
        engine = connect(shown["lab_engine"], studio.base_url, options)
        engine.load(LoadRequest("tiny", str(tmp_path / "tiny.gguf"), 2048), timeout_seconds=60)
        path = f"{studio.program().parent}{os.pathsep}{os.environ['PATH']}"
        said = []
        for command in commands.splitlines():
            words = command.replace(str(shown["lab_engine_port"]), studio.base_url.rpartition(":")[2]).split()
            done = subprocess.run(words, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True)
            said.append(json.loads(done.stdout))
    greeting, listed, running, survey = said
    config = listed["models"][0]["loaded_instances"][0]["config"]
    assert greeting == {"lmstudio": True}
    assert (config["context_length"], config["parallel"]) == (2048, 1)
    assert [one["identifier"] for one in running] == ["tiny"]
    assert survey["engines"][0]["engine"] == "llama.cpp"

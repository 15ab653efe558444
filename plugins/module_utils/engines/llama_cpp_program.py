# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two programs that serve one model with llama.cpp: which build each is, and how each is started.

Either waits for a line on its standard input before it does anything, so a caller that dies before it wrote down the
process's id leaves nothing behind.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import gguf, processes
from ..files import write_whole
from . import llama_cpp_log, llama_cpp_server
from .base import Capabilities, EngineNotInstalled, OptionUnsupported

ONE_PROCESS = Capabilities(
    load=True,
    context=True,
    parallel=True,
    kv_type=True,
    flash_attention=True,
    chat_template=True,
    speculative=True,
    reasoning_switch=True,
)
# Speculative decoding in llama-server's words: its kinds, and where the draft's context is set apart.
DRAFTING = {"mtp": "draft-mtp", "draft": "draft-simple"}
ASK_XLLAMACPP = """
import importlib.metadata
print(importlib.metadata.version('xllamacpp'))
import xllamacpp
print(' '.join(device['name'] for device in xllamacpp.get_device_info()))
"""
SCRIPT = "llama_cpp_server.py"
WAIT_FOR_A_LINE = 'read -r go && exec "$0" "$@" </dev/null'
# Of these, the ones this llama-server knows: an older one has nothing to switch off.
SWITCHED_OFF = {
    "--fit": "off",  # would shrink the context to what fits: refuse, never shrink
    "--cache-ram": "0",  # up to 8 GiB of old prompts outside the predicted bytes, and warm across trials
}


class Program(ABC):
    """`path` is what is started; `processes` are the names its process goes by, for when it has to be killed."""

    capabilities: Capabilities
    path: str
    processes: tuple[str, ...]

    @abstractmethod
    def build(self, threads: int) -> str:
        """Name, version and what it computes on; raises EngineNotInstalled."""

    @abstractmethod
    def command(self, spec: dict[str, Any], state_dir: Path) -> list[str]:
        """How to start it for this model; what it needs beside that is written to the folder."""

    @abstractmethod
    def go(self, spec: dict[str, Any]) -> str:
        """The line it waits for."""


class Xllamacpp(Program):
    """llama.cpp's own server in a Python package."""

    capabilities = ONE_PROCESS
    processes = (SCRIPT,)

    def __init__(self, python: str) -> None:
        self.path = python

    def build(self, threads: int) -> str:
        lines = _ask([self.path, "-I", "-c", ASK_XLLAMACPP])[0].splitlines()
        if not lines:
            raise EngineNotInstalled(
                f"{self.path} is not an interpreter that has xllamacpp.",
                "install the engine: ansible-playbook with the role local_llm.lab.llama_cpp",
            )
        return f"xllamacpp {lines[0]}" + (f" ({flavour(lines[1].split(), threads)})" if lines[1:] else "")

    def command(self, spec: dict[str, Any], state_dir: Path) -> list[str]:
        script = state_dir / SCRIPT
        write_whole(script, inspect.getsource(llama_cpp_server).encode())
        return [self.path, "-I", str(script), spec["name"], str(spec["port"])]  # arguments are for who reads ps

    def go(self, spec: dict[str, Any]) -> str:
        return json.dumps(spec)


class LlamaServer(Program):
    """The program llama-server, of whatever build is installed."""

    capabilities = replace(ONE_PROCESS, experts_used=True)

    def __init__(self, server: str) -> None:
        self.path = server
        self.processes = (Path(server).name,)

    def build(self, threads: int) -> str:
        version = re.search(r"^version: (.+)$", "".join(_ask([self.path, "--version"])), re.MULTILINE)
        if not version:
            raise EngineNotInstalled(
                f"{self.path} is not a llama-server that runs here.",
                "let server in lab_engine_options name one (try it with: llama-server --version)",
            )
        devices = re.findall(r"^  (\w+): ", "".join(_ask([self.path, "--list-devices"])), re.MULTILINE)
        return f"llama-server {version[1]} ({flavour(devices, threads)})"

    def command(self, spec: dict[str, Any], state_dir: Path) -> list[str]:
        arguments = [
            "--model", spec["path"],
            "--alias", spec["name"],
            "--host", "127.0.0.1",
            "--port", str(spec["port"]),
            "--no-webui",
            "--props",
            "--metrics",
            "--verbosity", str(llama_cpp_log.VERBOSITY),
            *(part for name, value in load_options(spec).items() for part in (f"--{name}", value)),
            "--jinja",
        ]  # fmt: skip
        known = set(re.findall(r"--[a-z][a-z-]+", "".join(_ask([self.path, "--help"]))))
        if spec["speculative"] != "off" and "--spec-type" not in known:
            raise OptionUnsupported(
                f"speculative = {spec['speculative']} cannot be asked of {self.path}: it has no --spec-type.",
                "install a newer llama-server, or leave the factor out of this host's sweep",
            )
        switched = {**SWITCHED_OFF, "--cors-origins": f"http://127.0.0.1:{spec['port']}"}  # else any web page's
        arguments += [part for name, value in switched.items() if name in known for part in (name, value)]
        if spec["chat_template"] is not None:
            template = state_dir / "template.jinja"
            write_whole(template, spec["chat_template"].encode())
            arguments += ["--chat-template-file", str(template)]
        return ["/bin/sh", "-c", WAIT_FOR_A_LINE, self.path, *arguments]

    def go(self, spec: dict[str, Any]) -> str:
        return "go"


def load_options(spec: dict[str, Any]) -> dict[str, str]:
    """The load config in llama-server's words, without the dashes."""
    options = {
        "ctx-size": str(spec["context_tokens"] * spec["parallel"]),
        "parallel": str(spec["parallel"]),
        "cache-type-k": spec["kv_type"],
        "cache-type-v": spec["kv_type"],
        "flash-attn": spec["flash_attention"],
    }
    if spec["speculative"] != "off":
        options["spec-type"] = DRAFTING[spec["speculative"]]
        options["cache-type-k-draft"] = options["cache-type-v-draft"] = spec["kv_type"]
    if spec["speculative"] == "draft":
        options["model-draft"] = spec["draft_path"]
    if spec["threads"]:
        options["threads"] = options["threads-batch"] = str(spec["threads"])
    if spec["experts_used"]:
        architecture = gguf.read_model(spec["path"]).architecture
        options["override-kv"] = f"{architecture}.expert_used_count=int:{spec['experts_used']}"
    return options


def flavour(devices: list[str], threads: int) -> str:
    """What speed depends on: CUDA, Metal, CPU … by llama.cpp's device names, and the threads where they are set."""
    kinds = sorted({re.sub(r"\d+$", "", device) for device in devices} - {"CPU", "BLAS"})
    said = ", ".join(kinds) or "CPU"
    return f"{said}, {threads} thread{'' if threads == 1 else 's'}" if threads else said


def _ask(command: list[str]) -> tuple[str, str]:
    """What a program prints on either stream; nothing where it does not run."""
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, timeout=60,
            env=processes.minimal_environment(),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "", ""
    return answer.stdout, answer.stderr

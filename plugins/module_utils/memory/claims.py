# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else on this host has a claim on its memory: Docker's virtual machine and dev clusters. Read, never written.

No cluster is asked and no daemon started: `docker` answers for what runs, settings files for what would.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import read_json

MIB = 1024**2
TOOL_SECONDS = 20
# A module that comes over SSH gets a short PATH; this is where a Mac's programs are.
MORE_PROGRAMS = ("/usr/local/bin", "/opt/homebrew/bin", "/Applications/Docker.app/Contents/Resources/bin")
DOCKER_DESKTOP = Path("Library/Group Containers/group.com.docker")
KIND_LABEL = "io.x-k8s.kind.cluster"
ON_THE_HOST_ITSELF = ("none", "ssh")
IN_CONTAINERS = ("docker", "podman")


@dataclass(frozen=True)
class Docker:
    """`vm`: the containers live in a virtual machine, whose memory the host has no more; `memory_bytes` is its cap."""

    running: bool
    vm: bool
    memory_bytes: int | None


@dataclass(frozen=True)
class Cluster:
    """A dev cluster; `memory_bytes` is what it was made with, None where nothing says so (kind sets no limit)."""

    name: str
    kind: str
    driver: str
    memory_bytes: int | None


def docker() -> Docker | None:
    """None where there is no Docker. A virtual machine that is off counts as its settings say: it may be started."""
    told = answer("docker", "info", "--format", "{{json .}}")
    configured = _docker_desktop_cap() if platform.system() == "Darwin" else None
    if told is None and configured is None:
        return None
    info = _json_object(told or "")
    memory_bytes = int(info.get("MemTotal") or 0)
    vm = platform.system() == "Darwin" or str(info.get("OperatingSystem", "")).startswith("Docker Desktop")
    cap = max(memory_bytes, configured or 0) if vm else memory_bytes
    return Docker(bool(memory_bytes), vm, cap or None)


def clusters() -> list[Cluster]:
    return [*_minikube(), *_kind()]


def reserved(docker: Docker | None, clusters: list[Cluster]) -> tuple[int, int]:
    """What Docker's virtual machine and the clusters outside of it take from the host, in bytes."""
    in_vm = docker is not None and docker.vm
    outside = (
        one.memory_bytes or 0
        for one in clusters
        if one.driver not in ON_THE_HOST_ITSELF and not (in_vm and one.driver in IN_CONTAINERS)
    )
    return (docker.memory_bytes or 0) if docker and in_vm else 0, sum(outside)


def answer(*command: str) -> str | None:
    """What a program that may not be there says; None when it is not there or hangs."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *MORE_PROGRAMS])
    try:
        return subprocess.run(
            ["/usr/bin/env", f"PATH={path}", *command],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False, timeout=TOOL_SECONDS,
        ).stdout or None  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None


def _docker_desktop_cap() -> int | None:
    for name, key in (("settings-store.json", "MemoryMiB"), ("settings.json", "memoryMiB")):
        settings = read_json(Path.home() / DOCKER_DESKTOP / name)
        if isinstance(settings, dict) and isinstance(settings.get(key), int):
            return int(settings[key]) * MIB
    return None


def _minikube() -> list[Cluster]:
    home = Path(os.environ.get("MINIKUBE_HOME") or Path.home())
    home = home if home.name == ".minikube" else home / ".minikube"
    found = []
    for file in sorted(home.glob("profiles/*/config.json")):
        config = read_json(file)
        if isinstance(config, dict) and isinstance(config.get("Memory"), int):
            need = config["Memory"] * MIB * max(1, len(config.get("Nodes") or []))
            found.append(Cluster(file.parent.name, "minikube", str(config.get("Driver") or "?"), need))
    return found


def _kind() -> list[Cluster]:
    told = answer("docker", "ps", "--filter", f"label={KIND_LABEL}", "--format", f'{{{{.Label "{KIND_LABEL}"}}}}')
    return [Cluster(name, "kind", "docker", None) for name in sorted(set((told or "").split()))]


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

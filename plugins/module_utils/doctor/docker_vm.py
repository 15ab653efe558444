# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Desktop's virtual machine: a cap below what the cluster in it needs.

Nothing is written here: its settings are a person's, and lowering a cap can cost a cluster its data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .finding import Check, Finding
from .host import Host
from .look import Look, gib
from .subject import Subject

MIB = 1024**2
SETTINGS = "Library/Group Containers/group.com.docker"

VM_CAP = Check(
    "docker_vm_cap",
    "macOS: `docker info`, Docker Desktop's settings, and what minikube's clusters or lab_cluster_bytes need",
    {"desktop": "open -a Docker # Settings, Resources, Memory limit: at least {mib} MiB, then Apply & restart"},
)


@dataclass(frozen=True)
class DockerSeen:
    """`told_bytes` is what `docker info` says, `cap_bytes` what the settings say; clusters by name, in bytes."""

    installed: bool
    told_bytes: int | None = None
    cap_bytes: int | None = None
    clusters: tuple[tuple[str, int], ...] = ()


def gather(look: Look, host: Host) -> DockerSeen:
    told = look.run("docker", "info", "--format", "{{.MemTotal}}")
    cap = _cap(look)
    total = int(told) if told and told.strip().isdigit() else None
    installed = bool(total or cap or look.run("docker", "--version") is not None)
    return DockerSeen(installed, total or None, cap, tuple(_minikube(look)))


def _cap(look: Look) -> int | None:
    for name, key in (("settings-store.json", "MemoryMiB"), ("settings.json", "memoryMiB")):
        try:
            return int(json.loads((look.home / SETTINGS / name).read_text())[key]) * MIB
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _minikube(look: Look) -> list[tuple[str, int]]:
    found = []
    for path in sorted((look.home / ".minikube/profiles").glob("*/config.json")):
        try:
            config = json.loads(path.read_text())
            if config["Driver"] == "docker":
                found.append((path.parent.name, int(config["Memory"]) * MIB * max(1, len(config.get("Nodes") or ()))))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def vm_cap(seen: DockerSeen, host: Host) -> Finding:
    if not host.darwin:
        return VM_CAP.ok("Docker has no virtual machine here")
    if not seen.installed:
        return VM_CAP.ok("no Docker on this host")
    cap = seen.told_bytes or seen.cap_bytes
    if cap is None:
        return VM_CAP.unknown("Docker does not run, and its settings name no cap")
    need = max(host.cluster_bytes, sum(size for _name, size in seen.clusters))
    names = ", ".join(f"{name} {gib(size)}" for name, size in seen.clusters)
    evidence = f"the virtual machine has {gib(cap)}, the cluster needs {gib(need)}" + (f" ({names})" if names else "")
    if cap < need:
        # Docker Desktop gives a little less than what is set.
        return VM_CAP.fail(evidence, VM_CAP.command("desktop", mib=-(-need // MIB) + 512))
    return VM_CAP.ok(evidence if need else f"the virtual machine has {gib(cap)}, no cluster is known")


SUBJECT = Subject(gather, ((VM_CAP, vm_cap),))

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Desktop's virtual machine: a cap below what the cluster in it needs.

Nothing is written here: its settings are a person's, and lowering a cap can cost a cluster its data.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..memory import claims
from .finding import Check, Finding
from .host import Host
from .look import Look, gib
from .subject import Subject

MIB = 1024**2
SPARE_MIB = 512  # Docker Desktop gives a little less than what is set

VM_CAP = Check(
    "docker_vm_cap",
    "macOS: the cap of Docker's virtual machine against what minikube's clusters or lab_cluster_bytes need",
    {"desktop": "open -a Docker # Settings, Resources, Memory limit: at least {mib} MiB, then Apply & restart"},
)


@dataclass(frozen=True)
class DockerSeen:
    docker: claims.Docker | None
    clusters: tuple[claims.Cluster, ...]


def gather(look: Look, host: Host) -> DockerSeen:
    return DockerSeen(claims.docker(), tuple(claims.clusters()))


def vm_cap(seen: DockerSeen, host: Host) -> Finding:
    if seen.docker is None:
        return VM_CAP.ok("no Docker on this host")
    if not seen.docker.vm:
        return VM_CAP.ok("Docker has no virtual machine here")
    inside = [one for one in seen.clusters if one.driver in claims.IN_CONTAINERS]
    need = max(host.cluster_bytes, sum(one.memory_bytes or 0 for one in inside))
    names = ", ".join(f"{one.kind} {one.name}" for one in inside) or "no cluster is known"
    cap = seen.docker.memory_bytes
    if cap is None:
        return VM_CAP.unknown(f"Docker does not run, and its settings name no cap ({names})")
    evidence = f"the virtual machine has {gib(cap)}, {gib(need)} are needed ({names})"
    if cap < need:
        return VM_CAP.fail(evidence, VM_CAP.command("desktop", mib=-(-need // MIB) + SPARE_MIB))
    return VM_CAP.ok(evidence)


SUBJECT = Subject(gather, ((VM_CAP, vm_cap),))

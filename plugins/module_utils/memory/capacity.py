# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has, who else claims it, and what is left for a model."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from typing import Any

from .claims import answer, clusters, docker, reserved
from .host import reading

GIB = 1024**3
# A host is of the tier whose smallest useful model it holds beside its context: a 21 GB file of the 30B class with
# 128k tokens takes 24 GB, one of the 70B class or a large mixture twice to three times that.
TIERS = (("full", 64 * GIB), ("lite", 8 * GIB), ("cloud", 0))
# What macOS lets the GPU of an Apple chip keep resident. By users' reports, not documented: two thirds of the memory up
# to 36 GB, three quarters above; `sysctl iogpu.wired_limit_mb` sets another limit, 0 is this one.
SMALL_MAC_BYTES = 36 * GIB


def capacity(reserve_bytes: int) -> dict[str, Any]:
    """`reserve_bytes` stays free beside the model, for all that is not counted here."""
    now = reading()
    vm, found = docker(), clusters()
    vm_bytes, clusters_bytes = reserved(vm, found)
    chips = gpus()
    limit_bytes = metal_limit(now.total_bytes) if chips and platform.system() == "Darwin" else None
    usable_bytes = max(0, now.total_bytes - now.os_bytes - vm_bytes - clusters_bytes - reserve_bytes)
    if limit_bytes is not None:
        usable_bytes = min(usable_bytes, limit_bytes)
    return {
        **{name: value for name, value in asdict(now).items() if name != "os_bytes"},
        "reserved": {
            "os_bytes": now.os_bytes,
            "docker_vm_bytes": vm_bytes,
            "clusters_bytes": clusters_bytes,
            "reserve_bytes": reserve_bytes,
        },
        "usable_bytes": usable_bytes,
        "metal_limit_bytes": limit_bytes,
        "tier": tier(usable_bytes),
        "docker": asdict(vm) if vm else None,
        "clusters": [asdict(one) for one in found],
        "cpu_count": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "gpus": chips,
    }


def tier(usable_bytes: int) -> str:
    return next(name for name, least_bytes in TIERS if usable_bytes >= least_bytes)


def metal_limit(total_bytes: int) -> int:
    told = (answer("sysctl", "-n", "iogpu.wired_limit_mb") or "").strip()
    if told.isdecimal() and int(told):
        return int(told) * 1024**2
    return total_bytes * 2 // 3 if total_bytes <= SMALL_MAC_BYTES else total_bytes * 3 // 4


def gpus() -> list[dict[str, Any]]:
    """The NVIDIA GPUs, or the Apple chip; a GPU that shares the host's memory has none of its own to tell."""
    if platform.system() == "Darwin":
        chip = (answer("sysctl", "-n", "machdep.cpu.brand_string") or "").strip()
        return [{"name": chip, "driver_version": None, "memory_bytes": None}] if chip.startswith("Apple") else []
    told = answer("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits")
    found = []
    for line in (told or "").splitlines():
        fields = [field.strip() for field in line.rsplit(",", 2)]
        if len(fields) == 3:  # what it says without a GPU is a sentence
            memory_bytes = int(fields[2]) * 1024**2 if fields[2].isdecimal() else None
            found.append({"name": fields[0], "driver_version": fields[1], "memory_bytes": memory_bytes})
    return found

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial is run on, beside the model: host classes and their stacks."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

from ...module_utils.engines import Capabilities, Settings, ignored
from ..agent import prompt, text_calls, tools
from ..sweep import HostClass, Refusal
from .errors import HostsDiffer

Host = dict[str, Any]


def host_classes(hosts: list[Host]) -> dict[str, HostClass]:
    """The class of each host, by the host's name."""
    return {host["name"]: HostClass(host["engine"], host["gpu"], host["total_bytes"]) for host in hosts}


def stacks(hosts: list[Host]) -> dict[str, dict[str, Any]]:
    """One stack per host class; hosts that differ in it are not interchangeable."""
    found: dict[str, dict[str, Any]] = {}
    for host in hosts:
        stack = {"engine": host["engine"], "engine_build": host["engine_build"], "agent": _agent_version()}
        if host.get("driver"):
            stack["driver"] = host["driver"]
        known = found.setdefault(host_classes([host])[host["name"]].id, stack)
        if known != stack:
            raise HostsDiffer(host["name"], _served_by(known), _served_by(stack))
    return found


def refusals(hosts: list[Host]) -> dict[str, Refusal]:
    """Per host class, which load config its engine would ignore."""
    found: dict[str, Refusal] = {}
    for host in hosts:
        if host["capabilities"]:
            able, serving = Capabilities(**host["capabilities"]), Settings(**host["settings"])
            found[host_classes([host])[host["name"]].id] = partial(ignored, able, serving)
    return found


def host_rows(hosts: list[Host]) -> list[dict[str, Any]]:
    """The hosts as the store keeps them, with what their energy and they themselves cost, where the inventory says."""
    classes = host_classes(hosts)
    return [
        {"name": host["name"], "host_class": classes[host["name"]].id, "tier": host["tier"], "engine": host["engine"]}
        | {cost: host[cost] for cost in ("tariff", "price") if host.get(cost)}
        for host in hosts
    ]


def _served_by(stack: dict[str, Any]) -> str:
    driver = f" on driver {stack['driver']}" if "driver" in stack else ""
    return f"{stack['engine_build']}{driver}"


def _agent_version() -> str:
    """Our agent as a model meets it: every word said to it, every tool offered, and how a call in text is read."""
    sources = [Path(module.__file__).read_bytes() for module in (prompt, tools, text_calls) if module.__file__]
    return hashlib.sha256(b"".join(sources)).hexdigest()[:12]

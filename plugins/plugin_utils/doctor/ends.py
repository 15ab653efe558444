# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the controller can see of a host: is it there, is its clock right, does its engine answer from here?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ...module_utils.doctor import Check, Finding
from ...module_utils.doctor.look import Reply, ask
from ...module_utils.doctor.tunnels import FORWARD

SKEW_WARN_SECONDS = 2.0
SKEW_FAIL_SECONDS = 60.0

REACHABLE = Check(
    "reachable",
    "the host answers Ansible and has a Python that can look at it",
    {
        "ssh": "ssh -p {ssh_port} {destination} true",
        "python": "ssh -p {ssh_port} {destination} python3 --version # 3.9 or newer is needed",
        "left_out": "lab doctor -l {name} # once its variables can be read",
    },
)
CLOCK = Check(
    "clock",
    "the host's clock against the controller's, as far as the time of the connection allows to tell",
    {"linux": "sudo timedatectl set-ntp true", "darwin": "sudo sntp -sS time.apple.com"},
)
BASE_URL = Check(
    "base_url",
    "lab_base_url answers from the controller: its end of the tunnel",
    {"ssh": FORWARD, "address": "ansible-inventory --host {name} # lab_base_url is to be http://HOST:PORT"},
)


@dataclass(frozen=True)
class Examined:
    """A host as the inventory describes it, and what its module answered or why it did not."""

    name: str
    tier: str
    engine: str
    connection: str
    address: str
    user: str | None
    ssh_port: int
    base_url: str
    engine_port: int
    answer: dict[str, Any]

    @property
    def local(self) -> bool:
        return self.connection in ("local", "ansible.builtin.local")

    @property
    def destination(self) -> str:
        if self.local:
            return "localhost"
        return f"{self.user}@{self.address}" if self.user else self.address


def look(host: Examined) -> list[Finding]:
    """This host's findings: what is seen from here, then what the host says of itself."""
    own = [Finding(**one) for one in host.answer.get("findings", ())]
    port = port_of(host.base_url)
    return [reachable(host), clock(host.answer.get("clock") or {}), base_url(host, port, ask(host.base_url)), *own]


def port_of(url: str) -> int | None:
    """None where the URL names no port that can be one."""
    try:
        return urlsplit(url).port or 443
    except ValueError:
        return None


def reachable(host: Examined) -> Finding:
    told = str(host.answer.get("msg") or "it said nothing").strip().splitlines()[-1]
    values = {"ssh_port": host.ssh_port, "destination": host.destination}
    if host.answer.get("unreachable"):
        return REACHABLE.fail(f"Ansible does not reach it: {told}", REACHABLE.command("ssh", **values))
    if host.answer.get("failed") or "findings" not in host.answer:
        return REACHABLE.fail(f"it could not be looked at: {told}", REACHABLE.command("python", **values))
    return REACHABLE.ok(f"over {host.connection}")


def skew_bounds(clock: dict[str, str]) -> tuple[float, float]:
    """How far the host's clock is ahead, at least and at most, in seconds.

    The module began after it was sent and ended before its answer was received, by one true time.
    """
    sent, began, ended, received = (
        datetime.fromisoformat(clock[name]) for name in ("sent", "began", "ended", "received")
    )
    return (ended - received).total_seconds(), (began - sent).total_seconds()


def clock(told: dict[str, str]) -> Finding:
    if not told:
        return CLOCK.unknown("the host told no time")
    least, most = skew_bounds(told)
    if least <= 0 <= most:
        skew, evidence = 0.0, f"the two clocks agree, to {max(-least, most):.1f} s"
    else:
        skew = min(abs(least), abs(most))
        evidence = f"the host's clock is at least {skew:.1f} s {'ahead' if least > 0 else 'behind'}"
    if skew < SKEW_WARN_SECONDS:
        return CLOCK.ok(evidence)
    return (CLOCK.fail if skew >= SKEW_FAIL_SECONDS else CLOCK.warn)(evidence, _set_clock(told))


def _set_clock(told: dict[str, str]) -> str:
    return CLOCK.command("darwin" if told.get("system") == "Darwin" else "linux")


def base_url(host: Examined, port: int | None, reply: Reply) -> Finding:
    """`listening` is what the host says of its own end: an engine with nothing loaded may not listen at all."""
    listening = host.answer.get("listening")
    if host.tier == "cloud":
        return BASE_URL.ok("a cloud's address: see engine")
    if reply.state == "answers":
        return BASE_URL.ok(f"{host.base_url} answers ({reply.detail})")
    evidence = f"{host.base_url} does not answer from here ({reply.detail})"
    if port is None:
        return BASE_URL.fail(evidence, BASE_URL.command("address", name=host.name))
    if listening is False and (host.local or reply.state == "silent"):
        return BASE_URL.ok(f"nothing listens on {host.name}'s port {host.engine_port} now, so nothing can answer")
    remedy = BASE_URL.command(
        "ssh", port=port, remote_port=host.engine_port, destination=f"ssh://{host.destination}:{host.ssh_port}"
    )
    return BASE_URL.fail(evidence, remedy)


def left_out(name: str, why: str) -> Finding:
    """A host whose variables cannot be read is not connected to."""
    return REACHABLE.fail(f"it was not looked at: {why}", REACHABLE.command("left_out", name=name))

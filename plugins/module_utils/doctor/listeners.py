# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach the engine: an engine asks nobody for a password, so it belongs on the loopback."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from .commands import KILL_LISTENER, OLLAMA_SET, service_values
from .finding import Check, Finding
from .host import Host
from .look import Look
from .subject import Subject

KNOWN_PORTS = {1234: "lm_studio", 11434: "ollama"}
LISTEN = "0A"

PUBLIC = Check(
    "public_address",
    "the sockets that listen on the engine's port, 1234 (LM Studio) and 11434 (Ollama)",
    {
        "lm_studio": "{lms} server stop; {lms} server start --port {port} --bind 127.0.0.1",
        **OLLAMA_SET,
        "other": KILL_LISTENER,
    },
)


@dataclass(frozen=True)
class Listener:
    address: str
    port: int

    @property
    def public(self) -> bool:
        address = ipaddress.ip_address(self.address)
        mapped = getattr(address, "ipv4_mapped", None)
        return not (mapped or address).is_loopback


def gather(look: Look, host: Host) -> tuple[Listener, ...] | None:
    """Every TCP listener; None where the system does not tell."""
    if look.darwin:
        text = look.run("lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-Fn")
        return None if text is None else tuple(parse_lsof(text))
    tables = [look.text(f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    if tables[0] is None:
        return None
    return tuple(one for table in tables for one in parse_proc_net(table or ""))


def parse_proc_net(text: str) -> Iterator[Listener]:
    """/proc/net/tcp and tcp6: addresses are words of 32 bits in the machine's own byte order."""
    for found in re.finditer(r"^\s*\d+: ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) \S+ (\S\S) ", text, re.MULTILINE):
        if found[3] != LISTEN:
            continue
        digits = [found[1][at : at + 8] for at in range(0, len(found[1]), 8)]
        packed = b"".join(int(one, 16).to_bytes(4, sys.byteorder) for one in digits)
        yield Listener(str(ipaddress.ip_address(packed)), int(found[2], 16))


def parse_lsof(text: str) -> Iterator[Listener]:
    """`lsof -Fn`: lines such as n127.0.0.1:1234, n[::1]:1234 and n*:1234."""
    for address, port in re.findall(r"^n\[?([^\]\s]*?)\]?:(\d+)$", text, re.MULTILINE):
        bare = "0.0.0.0" if address == "*" else address.partition("%")[0]
        try:
            ipaddress.ip_address(bare)
        except ValueError:
            continue
        yield Listener(bare, int(port))


def public_address(seen: tuple[Listener, ...] | None, host: Host) -> Finding:
    if seen is None:
        return PUBLIC.unknown("the listening sockets cannot be read")
    engines = {**KNOWN_PORTS, host.port: host.engine}
    found = sorted({(one.port, one.address) for one in seen if one.port in engines and one.public})
    if not found:
        inside = sorted({str(one.port) for one in seen if one.port in engines})
        return PUBLIC.ok(f"on the loopback only: port {', '.join(inside)}" if inside else "no engine listens")
    ports = sorted({port for port, _address in found})
    evidence = ", ".join(f"{engines[port]} on {address} port {port}" for port, address in found)
    remedy = " && ".join(_close(host, engines[port], port) for port in ports)
    return PUBLIC.fail(f"reachable from the network: {evidence}", remedy)


def _close(host: Host, engine: str, port: int) -> str:
    if engine == "lm_studio":
        return PUBLIC.command(engine, **{**service_values(host), "port": port})
    if engine == "ollama":
        key = "ollama_darwin" if host.darwin else "ollama"
        return PUBLIC.command(key, name="OLLAMA_HOST", value=f"127.0.0.1:{port}")
    return PUBLIC.command("other", port=port)


SUBJECT = Subject(gather, ((PUBLIC, public_address),))

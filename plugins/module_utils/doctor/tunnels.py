# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels that start on this host: the port is there, and what is at its far end answers."""

from __future__ import annotations

from .finding import Check, Finding
from .host import Host, Tunnel
from .look import Look, Reply, ask
from .subject import Subject

FORWARD = (
    "ssh -fNT -o BatchMode=yes -o ExitOnForwardFailure=yes -o ServerAliveInterval=15 "
    "-L 127.0.0.1:{port}:127.0.0.1:{remote_port} {destination}"
)

TUNNELS = Check(
    "tunnels",
    "each of lab_tunnels: something accepts on its port and an HTTP answer comes back",
    {
        "service": "sudo systemctl restart {service}",
        "service_darwin": "sudo launchctl kickstart -k system/{service}",
        "ssh": FORWARD,
    },
)


def gather(look: Look, host: Host) -> tuple[tuple[Tunnel, Reply], ...]:
    return tuple((one, ask(f"http://127.0.0.1:{one.port}{one.path}")) for one in host.tunnels)


def tunnels(seen: tuple[tuple[Tunnel, Reply], ...], host: Host) -> Finding:
    if not seen:
        return TUNNELS.ok("none is asked for")
    down = [(tunnel, reply) for tunnel, reply in seen if reply.state != "answers"]
    if not down:
        return TUNNELS.ok(", ".join(f"{tunnel.name}: {reply.detail}" for tunnel, reply in seen))
    evidence = "; ".join(f"{tunnel.name} (port {tunnel.port}): {_why(reply)}" for tunnel, reply in down)
    return TUNNELS.fail(evidence, " && ".join(dict.fromkeys(_again(tunnel, host) for tunnel, _reply in down)))


def _why(reply: Reply) -> str:
    if reply.state == "refused":
        return f"nothing listens ({reply.detail})"
    return f"it accepts and the far end does not answer ({reply.detail})"


def _again(tunnel: Tunnel, host: Host) -> str:
    if tunnel.service:
        return TUNNELS.command("service_darwin" if host.darwin else "service", service=tunnel.service)
    return TUNNELS.command(
        "ssh",
        port=tunnel.port,
        remote_port=tunnel.remote_port or tunnel.port,
        destination=tunnel.destination or tunnel.name,
    )


SUBJECT = Subject(gather, ((TUNNELS, tunnels),))

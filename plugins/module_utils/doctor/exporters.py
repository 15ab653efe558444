# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What monitoring reads: without it nobody sees a host die."""

from __future__ import annotations

from dataclasses import dataclass

from .finding import Check, Finding
from .host import Host
from .look import Look, Reply, ask
from .subject import Subject

DCGM_IMAGE = "nvcr.io/nvidia/k8s/dcgm-exporter:4.5.3-4.8.2-distroless"

NODE = Check(
    "node_exporter",
    "node_exporter's metrics on port 9100 (lab_node_exporter_port)",
    {
        "apt": "sudo apt-get install -y prometheus-node-exporter",
        "brew": "brew install node_exporter && brew services start node_exporter",
    },
)
DCGM = Check(
    "dcgm_exporter",
    "dcgm-exporter's metrics on port 9400 (lab_dcgm_exporter_port), where there is an NVIDIA GPU",
    {"docker": f"docker run -d --restart unless-stopped --gpus all --cap-add SYS_ADMIN -p {{port}}:9400 {DCGM_IMAGE}"},
)


@dataclass(frozen=True)
class ExportersSeen:
    node: Reply
    dcgm: Reply
    has_gpu: bool


def gather(look: Look, host: Host) -> ExportersSeen:
    node, dcgm = (
        ask(f"http://127.0.0.1:{port}/metrics") for port in (host.node_exporter_port, host.dcgm_exporter_port)
    )
    return ExportersSeen(node, dcgm, look.run("nvidia-smi", "-L") is not None)


def node_exporter(seen: ExportersSeen, host: Host) -> Finding:
    if "\nnode_" in seen.node.body:
        return NODE.ok(f"answers on port {host.node_exporter_port}")
    return NODE.warn(
        _missing("node_exporter", host.node_exporter_port, seen.node), NODE.command("brew" if host.darwin else "apt")
    )


def dcgm_exporter(seen: ExportersSeen, host: Host) -> Finding:
    if not seen.has_gpu:
        return DCGM.ok("no NVIDIA GPU")
    if "DCGM_FI_" in seen.dcgm.body:
        return DCGM.ok(f"answers on port {host.dcgm_exporter_port}")
    evidence = _missing("dcgm-exporter", host.dcgm_exporter_port, seen.dcgm)
    return DCGM.warn(evidence, DCGM.command("docker", port=host.dcgm_exporter_port))


def _missing(name: str, port: int, reply: Reply) -> str:
    what = "something else answers" if reply.state == "answers" else f"no {name}: {reply.detail}"
    return f"{what} on port {port}"


SUBJECT = Subject(gather, ((NODE, node_exporter), (DCGM, dcgm_exporter)))

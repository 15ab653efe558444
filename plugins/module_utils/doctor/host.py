# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a host before it is looked at: its engine, and what the lab expects of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Tunnel:
    """A forwarded port on the host's loopback. `service` keeps it up; else `destination` is where ssh goes."""

    name: str
    port: int
    path: str = "/"
    service: str | None = None
    destination: str | None = None
    remote_port: int | None = None


@dataclass(frozen=True)
class Host:
    """Expectations that are None, empty or 0 are not judged: the reading is shown."""

    engine: str
    base_url: str
    engine_options: dict[str, Any] = field(default_factory=dict)
    tier: str = "full"
    gpu: str = "none"
    keeper_dir: str | None = None
    floor_bytes: int = 0
    models_dir: str | None = None
    model: str | None = None
    context_tokens: int | None = None
    kv_type: str | None = None
    cluster_bytes: int = 0
    tunnels: tuple[Tunnel, ...] = ()
    node_exporter_port: int = 9100
    dcgm_exporter_port: int = 9400
    system: str = "Linux"
    home: str = "/root"

    @property
    def darwin(self) -> bool:
        return self.system == "Darwin"

    @property
    def port(self) -> int:
        address = urlsplit(self.base_url)
        return address.port or (443 if address.scheme == "https" else 80)

    @property
    def unified_gpu(self) -> bool:
        """Whether the page cache can take the GPU's memory away."""
        return "GB10" in self.gpu

    @property
    def lms_home(self) -> str:
        return os.path.expanduser(str(self.engine_options.get("home") or f"{self.home}/.lmstudio"))

    @property
    def lms(self) -> str:
        """LM Studio's program; what ssh starts does not have it on its PATH."""
        return str(self.engine_options.get("lms") or f"{self.lms_home}/bin/lms")

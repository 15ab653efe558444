# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes made by a Docker daemon, from an image that has python3 and git."""

from __future__ import annotations

import os
import subprocess
import uuid

from . import inside
from .owner import sandbox_ids
from .programs import HOST_ENVIRONMENT, program
from .session import Sandbox
from .spec import SandboxSpec

# How the client finds its daemon; none of it goes inside.
_CLIENT_VARIABLES = (
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION",
)


class Docker:
    name = "docker"

    def __init__(self, image: str) -> None:
        self._image = image
        self._docker = program("docker")
        self._environment = HOST_ENVIRONMENT | {key: os.environ[key] for key in _CLIENT_VARIABLES if key in os.environ}

    def open(self, spec: SandboxSpec) -> Sandbox:
        uid, gid = sandbox_ids()
        name = f"lab-sandbox-{uuid.uuid4().hex}"
        limits, places = spec.limits, inside.tmpfs(spec)
        memory = f"{limits.memory_bytes + sum(places.values()) + inside.SHM_BYTES}b"
        words = [self._docker, "run", "--rm", "--interactive", f"--name={name}", "--pull=never", "--network=none"]
        words += ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", f"--user={uid}:{gid}"]
        words += [f"--memory={memory}", f"--memory-swap={memory}", f"--pids-limit={limits.processes}"]
        words += [f"--shm-size={inside.SHM_BYTES}b", "--workdir=/", "--log-driver=none", "--entrypoint=env"]
        for where, size_bytes in places.items():
            words.append(f"--tmpfs={where}:rw,exec,nosuid,nodev,mode=0755,uid={uid},gid={gid},size={size_bytes}")
        for path, where in [*spec.readonly, *inside.filled(spec), (inside.TOOL_SERVER_SOURCE, inside.TOOL_SERVER)]:
            words.append(f"--mount=type=bind,source={path.resolve()},target={where},readonly")
        # env -i, since the client adds to --env on its own: proxies, with their passwords.
        words += [self._image, "-i", *(f"{key}={value}" for key, value in inside.environment(None).items())]
        # Processes are counted by the container: the rlimit would count all of the user's on the host.
        words += inside.server("python3", limits, count_processes_by_user=False)
        return Sandbox(self.name, words, self._environment, on_kill=lambda: self._remove(name))

    def _remove(self, name: str) -> None:
        command = [self._docker, "rm", "--force", name]
        try:
            subprocess.run(command, env=self._environment, capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            pass  # the tool server ends with its standard input anyway, and --rm does the rest

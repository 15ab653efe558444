# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes made by a Docker daemon, from an image that has python3 and git."""

from __future__ import annotations

import json
import os
import subprocess
import uuid

from . import inside
from .owner import hand_over, sandbox_ids
from .programs import HOST_ENVIRONMENT, program
from .session import Sandbox
from .spec import WORKSPACE, SandboxSpec

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
        hand_over([spec.workspace, *(path for path, _unused in spec.writable)])
        uid, gid = sandbox_ids()
        name = f"lab-sandbox-{uuid.uuid4().hex}"
        limits = spec.limits
        words = [self._docker, "run", "--rm", "--interactive", f"--name={name}", "--pull=never", "--network=none"]
        words += ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", f"--user={uid}:{gid}"]
        words += [f"--pids-limit={limits.processes}", f"--workdir={WORKSPACE}", "--log-driver=none", "--entrypoint=env"]
        for where in ("/tmp", inside.HOME):
            words.append(f"--tmpfs={where}:rw,exec,nosuid,nodev,mode=1777,size={limits.tmp_bytes}")
        for path, where in [*spec.readonly, (inside.TOOL_SERVER_SOURCE, inside.TOOL_SERVER)]:
            words.append(f"--mount=type=bind,source={path.resolve()},target={where},readonly")
        for path, where in [*spec.writable, (spec.workspace, WORKSPACE)]:
            words.append(f"--mount=type=bind,source={path.resolve()},target={where}")
        # Processes are counted by the container: the rlimit would count all of the user's on the host.
        bound = {key: value for key, value in limits.as_dict().items() if key != "processes"}
        # env -i, since the client adds to --env on its own: proxies, with their passwords.
        variables = [f"{key}={value}" for key, value in inside.environment(None).items()]
        words += [self._image, "-i", *variables, "python3", "-I", "-S", "-B", inside.TOOL_SERVER, json.dumps(bound)]
        return Sandbox(self.name, words, self._environment, on_kill=lambda: self._remove(name))

    def _remove(self, name: str) -> None:
        command = [self._docker, "rm", "--force", name]
        try:
            subprocess.run(command, env=self._environment, capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            pass  # the tool server ends with its standard input anyway, and --rm does the rest

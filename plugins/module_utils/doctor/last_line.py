# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last line of defence on a Linux host: who is ended when memory runs out, and who is not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..engines import connect
from ..errors import LabError
from .finding import Check, Finding
from .host import Host
from .look import Look
from .subject import Subject

# For an engine that names no processes of its own.
PROCESSES = {"lm_studio": ("llmster",), "ollama": ("ollama",), "llama_cpp": ("llama-server",)}
SSHD_BYTES = 64 * 1024**2
COMM_CHARS = 15  # of a process's name, which earlyoom matches

OOM_GUARD = Check(
    "oom_guard",
    "Linux: earlyoom runs and prefers the engine's processes: by itself it does not see what CUDA holds",
    {
        "install": "sudo apt-get install -y earlyoom && {configure}",
        "configure": (
            "printf 'EARLYOOM_ARGS=\"-m 5 -s 100 --prefer %s\"\\n' {pattern} | sudo tee /etc/default/earlyoom && "
            "sudo systemctl restart earlyoom"
        ),
    },
)
SSHD = Check(
    "ssh_protected",
    "Linux: systemd keeps memory for sshd (MemoryMin), so that the host can still be entered",
    {"set": "sudo systemctl set-property {unit} MemoryMin=64M"},
)


@dataclass(frozen=True)
class LastLineSeen:
    """`earlyoom`: its command line. `memory_min`: of sshd's `unit`, None where systemd does not tell."""

    earlyoom: tuple[str, ...] | None
    engine_processes: tuple[str, ...]
    unit: str = "ssh.service"
    memory_min: int | None = None


def gather(look: Look, host: Host) -> LastLineSeen:
    running = next((tuple(words) for _pid, name, words in look.processes() if name == "earlyoom"), None)
    unit, told = "ssh.service", None
    for unit in ("sshd.service", "ssh.service"):
        if look.run("systemctl", "is-active", unit) is not None:
            told = look.run("systemctl", "show", "-p", "MemoryMin", "--value", unit)
            break
    return LastLineSeen(running, _engine_processes(host), unit, _bytes(told))


def _bytes(told: str | None) -> int | None:
    word = (told or "").strip()
    return int(word) if word.isdigit() else (1 << 62 if word == "infinity" else None)


def _engine_processes(host: Host) -> tuple[str, ...]:
    try:
        named = connect(host.engine, host.base_url, host.engine_options).processes
    except LabError:
        named = ()
    return tuple(named) or PROCESSES.get(host.engine, ())


def oom_guard(seen: LastLineSeen, host: Host) -> Finding:
    if host.darwin:
        return OOM_GUARD.ok("macOS ends processes by itself; the keeper's floor is the guard")
    names = "|".join(re.sub(r"[^\w-]", ".", one[:COMM_CHARS]) for one in seen.engine_processes)
    configure = OOM_GUARD.command("configure", pattern=f"^({names})$")
    if seen.earlyoom is None:
        remedy = OOM_GUARD.remedies["install"].format(configure=configure)
        return OOM_GUARD.warn("earlyoom does not run", remedy)
    preferred = preferred_of(seen.earlyoom)
    missed = [one for one in seen.engine_processes if not _matches(preferred, one[:COMM_CHARS])]
    if missed:
        return OOM_GUARD.warn(f"earlyoom runs and does not prefer {', '.join(missed)}", configure)
    return OOM_GUARD.ok(f"earlyoom prefers {', '.join(seen.engine_processes) or 'what it finds'}")


def preferred_of(words: tuple[str, ...]) -> str:
    """The regular expression after --prefer."""
    for at, word in enumerate(words):
        if word.startswith("--prefer="):
            return word.partition("=")[2]
        if word == "--prefer" and at + 1 < len(words):
            return words[at + 1]
    return ""


def _matches(pattern: str, name: str) -> bool:
    try:
        return bool(pattern) and re.search(pattern, name) is not None
    except re.error:
        return False


def ssh_protected(seen: LastLineSeen, host: Host) -> Finding:
    if host.darwin:
        return SSHD.ok("macOS keeps no memory for a service")
    if seen.memory_min is None:
        return SSHD.unknown("systemd does not tell of a running sshd here")
    if seen.memory_min < SSHD_BYTES:
        return SSHD.warn(f"{seen.unit} has MemoryMin={seen.memory_min}", SSHD.command("set", unit=seen.unit))
    return SSHD.ok(f"{seen.unit} keeps its memory")


SUBJECT = Subject(gather, ((OOM_GUARD, oom_guard), (SSHD, ssh_protected)))

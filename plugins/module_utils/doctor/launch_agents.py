# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""macOS: a LaunchAgent may not reach the local network (Local Network Privacy), a LaunchDaemon may.

Asking from an ssh session proves nothing: that is another responsible process.
"""

from __future__ import annotations

import os
import plistlib
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from .finding import Check, Finding
from .host import Host
from .look import Look
from .subject import Subject

ENGINES = ("ollama", "llama-server", "lms", "llmster")

AGENTS = Check(
    "launch_agents",
    "macOS: LaunchAgents that run an ssh tunnel or an engine",
    {
        "daemon": (
            "launchctl bootout gui/{uid} {agent}; sudo mv {agent} {daemon} && sudo chown root:wheel {daemon} && "
            "sudo chmod 644 {daemon} && sudo plutil -replace UserName -string {user} {daemon} && "
            "sudo launchctl bootstrap system {daemon}"
        )
    },
)


@dataclass(frozen=True)
class Agent:
    path: str
    runs: str  # tunnel, or the engine's name


@dataclass(frozen=True)
class AgentsSeen:
    agents: tuple[Agent, ...]
    user: str
    uid: int


def gather(look: Look, host: Host) -> AgentsSeen:
    found = []
    folders = (look.home / "Library/LaunchAgents", look.path("/Library/LaunchAgents"))
    for path in (path for folder in folders for path in sorted(folder.glob("*.plist"))) if look.darwin else ():
        runs = what_runs(read_plist(path))
        if runs:
            found.append(Agent(str(path), runs))
    return AgentsSeen(tuple(found), look.home.name, os.getuid())


def read_plist(path: Path) -> dict[str, object]:
    try:
        whole = plistlib.loads(path.read_bytes())
    except (OSError, ValueError, ExpatError, OverflowError, plistlib.InvalidFileException):
        return {}
    return whole if isinstance(whole, dict) else {}


def what_runs(plist: dict[str, object]) -> str | None:
    """`tunnel`, an engine's name, or None: any other program."""
    arguments = plist.get("ProgramArguments")
    words = [str(plist["Program"])] if "Program" in plist else []
    words += [str(one) for one in arguments] if isinstance(arguments, list) else []
    names = [os.path.basename(part) for word in words for part in word.split()]  # also: sh -c "ssh -N …"
    if "autossh" in names or ("ssh" in names and any(word.startswith(("-L", "-N", "-fN")) for word in _flags(words))):
        return "tunnel"
    return next((name for name in names if name in ENGINES), None)


def _flags(words: list[str]) -> list[str]:
    return [part for word in words for part in word.split() if part.startswith("-")]


def launch_agents(seen: AgentsSeen, host: Host) -> Finding:
    if not host.darwin:
        return AGENTS.ok("not macOS")
    if not seen.agents:
        return AGENTS.ok("no LaunchAgent runs a tunnel or an engine")
    evidence = ", ".join(
        f"{one.path} runs {'an ssh tunnel' if one.runs == 'tunnel' else one.runs}" for one in seen.agents
    )
    remedy = " && ".join(_to_daemon(one, seen) for one in seen.agents)
    if any(one.runs == "tunnel" for one in seen.agents):
        return AGENTS.fail(f"{evidence}: macOS may refuse it the local network (No route to host)", remedy)
    return AGENTS.warn(f"{evidence}: it ends when its user logs out", remedy)


def _to_daemon(agent: Agent, seen: AgentsSeen) -> str:
    daemon = f"/Library/LaunchDaemons/{os.path.basename(agent.path)}"
    return AGENTS.command("daemon", agent=agent.path, daemon=daemon, user=seen.user, uid=seen.uid)


SUBJECT = Subject(gather, ((AGENTS, launch_agents),))

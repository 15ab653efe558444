# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for LM Studio's program `lms` that talks to the simulator, from lmstudio-ai/lms at 07b7252.

It knows the subcommands and flags the lab uses and refuses any other, as the real one does. Its traps are kept: `-y`
takes the first fuzzy hit, `import` moves unless told to link, and a command that is not told a `--port` starts the
daemon when none runs (here: it leaves a file `.internal/daemon-started`). Every call is written to `.internal/calls`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

HOME = Path.home() / ".lmstudio"
DAEMON = HOME / ".internal/daemon-started"


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SystemExit(f"error: {message}")


def _ratio(text: str) -> float:
    number = {"off": 0.0, "max": 1.0}.get(text.strip().lower())
    number = float(text) if number is None else number
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


def _user_repo(text: str) -> list[str]:
    user, repo = text.split("/")
    return [user, repo]


def parser() -> Parser:
    top = Parser(prog="lms", allow_abbrev=False)
    commands = top.add_subparsers(dest="command", required=True, parser_class=Parser)

    def command(within: Any, name: str, server: bool = True, shows: bool = True) -> Parser:
        made: Parser = within.add_parser(name, allow_abbrev=False)
        made.add_argument("--quiet", action="store_true")
        if shows:
            made.add_argument("--json", action="store_true")
        if server:
            made.add_argument("--host")
            made.add_argument("--port", type=int)
        return made

    command(commands, "ps")
    command(commands, "ls")
    load = command(commands, "load", shows=False)
    load.add_argument("model")
    load.add_argument("-y", "--yes", action="store_true")
    load.add_argument("--exact", action="store_true")
    load.add_argument("--gpu", type=_ratio)
    load.add_argument("-c", "--context-length", type=int)
    load.add_argument("--parallel", type=int)
    load.add_argument("--ttl", type=int)
    load.add_argument("--identifier")
    unload = command(commands, "unload", shows=False)
    unload.add_argument("identifier", nargs="?")
    unload.add_argument("-a", "--all", action="store_true")
    bring = command(commands, "import", server=False, shows=False)
    bring.add_argument("file", type=Path)
    bring.add_argument("-y", "--yes", action="store_true")
    bring.add_argument("--user-repo", type=_user_repo)
    ways = bring.add_mutually_exclusive_group()
    ways.add_argument("-c", "--copy", action="store_true")
    ways.add_argument("-L", "--hard-link", action="store_true")
    ways.add_argument("-l", "--symbolic-link", action="store_true")
    server = commands.add_parser("server").add_subparsers(dest="subcommand", required=True, parser_class=Parser)
    command(server, "status", server=False)
    daemon = commands.add_parser("daemon").add_subparsers(dest="subcommand", required=True, parser_class=Parser)
    command(daemon, "status", server=False)
    runtime = commands.add_parser("runtime").add_subparsers(dest="subcommand", required=True, parser_class=Parser)
    command(runtime, "survey")
    return top


def main() -> int:
    asked = parser().parse_args()
    with (HOME / ".internal/calls").open("a") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    if asked.command == "import":
        return bring(asked)
    if (asked.command, getattr(asked, "subcommand", None)) in (("server", "status"), ("daemon", "status")):
        port = _published_port()
        running = port is not None and _greets(port)
        states: dict[str, dict[str, Any]] = {
            "server": {"running": running, "port": port},
            "daemon": {"status": "running", "pid": os.getppid(), "isDaemon": True}
            if running
            else {"status": "not-running"},
        }
        text = "llmster v0.0.12-1 is running (PID: 1)" if running else "LM Studio is not running"
        print(json.dumps(states[asked.command]) if asked.json else text)
        return 0
    port = asked.port or _published_port()
    if port is None or not _greets(port):
        if asked.port is None:
            DAEMON.touch()
        print(f"The server does not appear to be running at 127.0.0.1:{port}.", file=sys.stderr)
        return 1
    return talk(asked, f"http://127.0.0.1:{port}")


def talk(asked: argparse.Namespace, server: str) -> int:
    if asked.command == "runtime":
        engine = {"engine": "llama.cpp", "name": "llama.cpp-linux-arm64-nvidia-cuda13", "version": "2.28.2"}
        print(json.dumps({"engines": [engine]}, indent=2) if asked.json else engine["name"])
    elif asked.command == "ls":
        print(json.dumps(_call(f"{server}/program/ls")["models"]))
    elif asked.command == "ps":
        models = _call(f"{server}/api/v1/models")["models"]
        print(json.dumps([_running(model, one) for model in models for one in model["loaded_instances"]]))
    elif asked.command == "load":
        on_disk = _call(f"{server}/program/ls")["models"]
        field, wanted = ("path", asked.model) if asked.exact else ("modelKey", asked.model.lower())
        hits = [one for one in on_disk if (one[field] == wanted if asked.exact else wanted in one[field])]
        if not hits or not asked.yes:
            print(f'No model found that matches "{asked.model}".', file=sys.stderr)
            return 1
        body = {
            "model": hits[0]["modelKey"],
            "context_length": asked.context_length,
            "parallel": asked.parallel,
            "identifier": asked.identifier,
        }
        answer = _call(f"{server}/program/load", body)
        print(f'To use the model in the API/SDK, use the identifier "{answer["instance_id"]}".')
    else:
        models = _call(f"{server}/api/v1/models")["models"]
        for one in [one["id"] for model in models for one in model["loaded_instances"]]:
            if asked.all or one == asked.identifier:
                _call(f"{server}/api/v1/models/unload", {"instance_id": one})
    return 0


def bring(asked: argparse.Namespace) -> int:
    settings = json.loads((HOME / "settings.json").read_text())
    user, repo = asked.user_repo or ("unknown", asked.file.stem)
    target = Path(settings["downloadsFolder"]) / user / repo / asked.file.name
    if target.exists() or not asked.file.is_file():
        print(f"Target file already exists: {target}" if target.exists() else "File does not exist", file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    if asked.hard_link:
        os.link(asked.file, target)
    elif asked.symbolic_link:
        target.symlink_to(asked.file)
    elif asked.copy:
        shutil.copyfile(asked.file, target)
    else:
        shutil.move(asked.file, target)
    return 0


def _running(model: dict[str, Any], instance: dict[str, Any]) -> dict[str, Any]:
    config = instance["config"]
    return {
        "type": "llm",
        "modelKey": model["key"],
        "sizeBytes": model["size_bytes"],
        "identifier": instance["id"],
        "contextLength": config["context_length"],
        "ttlMs": None,
        "status": "idle",
        "queued": 0,
        "parallel": config["parallel"],
    }


def _published_port() -> int | None:
    try:
        return int(json.loads((HOME / ".internal/http-server.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return None


def _greets(port: int) -> bool:
    try:
        return bool(_call(f"http://127.0.0.1:{port}/lmstudio-greeting").get("lmstudio"))
    except SystemExit:
        return False


def _call(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data)) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except (OSError, ValueError) as error:
        detail = error.read().decode() if isinstance(error, urllib.error.HTTPError) else ""
        raise SystemExit(f"Error: {error} {detail}") from None


if __name__ == "__main__":
    raise SystemExit(main())

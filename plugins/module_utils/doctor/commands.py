# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to type for each engine: unload a model, restart it, change a setting of it. Templates for `Check.remedies`."""

from __future__ import annotations

from typing import Any

from .host import Host
from .look import compact

CURL = "curl -fsS -X POST -H 'Content-Type: application/json' -d {body} {url}"
KILL_LISTENER = "kill $(lsof -nP -t -iTCP:{port} -sTCP:LISTEN)"
LMS_UP = "{lms} daemon up && {lms} server start --port {port} --bind 127.0.0.1"
# An edit of LM Studio's settings holds only while its daemon is down. The words are keys, dotted.
LMS_SET = (
    "{lms} daemon down; python3 -c 'import json, sys; path, words, value = sys.argv[1:]; "
    'whole = place = json.load(open(path)); *above, last = words.split("."); '
    "[place := place.setdefault(one, {{}}) for one in above]; place[last] = json.loads(value); "
    'json.dump(whole, open(path, "w"), indent=2)\' {file} {words} {value} && ' + LMS_UP
)
OLLAMA_SET = {
    "ollama": (
        "sudo mkdir -p /etc/systemd/system/ollama.service.d && "
        "printf '[Service]\\nEnvironment=%s=%s\\n' {name} {value} | "
        "sudo tee /etc/systemd/system/ollama.service.d/{name}.conf && "
        "sudo systemctl daemon-reload && sudo systemctl restart ollama"
    ),
    "ollama_darwin": "launchctl setenv {name} {value} && brew services restart ollama",
}
# What a plist sets comes before `launchctl setenv`, and launchd reads a plist when it is bootstrapped. Homebrew's own
# service writes its plist anew.
PLIST_SET = (
    "{sudo}plutil -insert EnvironmentVariables -dictionary {{plist}} 2>/dev/null; "
    "{sudo}plutil -replace EnvironmentVariables.{{name}} -string {{value}} {{plist}} && "
    "{{{{ {sudo}launchctl bootout {domain} {{plist}}; {sudo}launchctl bootstrap {domain} {{plist}}; }}}} "
    "# until brew services starts it"
)
OLLAMA_PLIST_SET = {
    "ollama_agent": PLIST_SET.format(sudo="", domain="gui/$(id -u)"),
    "ollama_daemon": PLIST_SET.format(sudo="sudo ", domain="system"),
}
# A router is told to load nothing by itself, and one model at a time.
ROUTER_UP = (
    "nohup llama-server --models-dir {models} --models-max 1 --no-models-autoload --host 127.0.0.1 --port {port} "
    ">/dev/null 2>&1 &"
)
UNLOAD = {"lm_studio": CURL, "ollama": CURL, "llama_cpp_router": CURL, "llama_cpp": KILL_LISTENER}
RESTART = {
    "lm_studio": "{lms} daemon down; " + LMS_UP,
    "ollama": "sudo systemctl restart ollama",
    "ollama_darwin": "brew services restart ollama",
    "llama_cpp": KILL_LISTENER,
    "openai_compatible": f"{KILL_LISTENER} # then start it as it was started: the lab does not know how",
}


def unload_key(host: Host) -> str:
    """The engine's entry in UNLOAD."""
    return "llama_cpp_router" if host.engine == "llama_cpp" and host.engine_options.get("router") else host.engine


def unload_values(host: Host, instance_id: str) -> dict[str, Any]:
    url = host.base_url.rstrip("/")
    body: dict[str, Any]
    if host.engine == "lm_studio":
        url, body = f"{url}/api/v1/models/unload", {"instance_id": instance_id}
    elif host.engine == "ollama":
        url, body = f"{url}/api/generate", {"model": instance_id, "keep_alive": 0}
    else:
        url, body = f"{url}/models/unload", {"model": instance_id}
    return {"url": url, "body": compact(body), "port": host.port}


def service_key(host: Host) -> str:
    """The engine's entry where its service is meant: a Mac's differs."""
    return "ollama_darwin" if host.engine == "ollama" and host.darwin else host.engine


def service_values(host: Host) -> dict[str, Any]:
    return {"lms": host.lms, "port": host.port, "models": host.models_dir or "."}

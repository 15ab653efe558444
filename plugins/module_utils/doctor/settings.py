# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the engine is configured: what loads by itself, what is thrown out, and the KV type the sizing counts with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..engines import Settings, connect
from ..errors import LabError
from ..files import read_json
from .commands import (
    KILL_LISTENER,
    LMS_SET,
    OLLAMA_PLIST_SET,
    OLLAMA_SET,
    ROUTER_UP,
    UNLOAD,
    service_key,
    service_values,
    unload_key,
)
from .finding import Check, Finding
from .host import Host
from .launch_agents import read_plist
from .look import Look
from .subject import Subject

KV_VARIABLE = "OLLAMA_KV_CACHE_TYPE"
OLLAMA_PLIST = "homebrew.mxcl.ollama.plist"

JIT = Check(
    "jit",
    "LM Studio, a llama.cpp router: whether a request loads what it names, with the default context",
    {"lm_studio": LMS_SET, "llama_cpp_router": f"{KILL_LISTENER}; {ROUTER_UP}"},
)
AUTO_EVICT = Check(
    "auto_evict", "LM Studio: whether such a load throws out the model before it", {"lm_studio": LMS_SET}
)
KV_TYPE = Check(
    "kv_type",
    "the KV type that the engine runs with (of Ollama: its service's environment) against the one of the sizing",
    {**OLLAMA_SET, **OLLAMA_PLIST_SET, "llama_cpp": UNLOAD["llama_cpp"]},
)


@dataclass(frozen=True)
class SettingsSeen:
    """`running_kv_type`: what the running service was really started with, where that is seen; `plist` starts it."""

    settings: Settings = field(default_factory=Settings)
    why: str = ""
    running_kv_type: str | None = None
    plist: Path | None = None


def gather(look: Look, host: Host) -> SettingsSeen:
    running, plist = _running(look) if host.engine == "ollama" else (None, None)
    try:
        engine = connect(host.engine, host.base_url, host.engine_options)
        if host.engine == "llama_cpp" and engine.loaded():
            running = _started_kv_type(host)
        return SettingsSeen(engine.settings(), "", running, plist)
    except LabError as error:
        return SettingsSeen(Settings(), error.message, running, plist)


def _started_kv_type(host: Host) -> str | None:
    """What the lab's own llama.cpp was started with; a router's models tell nothing."""
    state = read_json(Path(str(host.engine_options.get("state_dir"))) / "engine.json")
    spec = state.get("spec") if isinstance(state, dict) else None
    return str(spec["kv_type"]) if isinstance(spec, dict) and spec.get("kv_type") else None


def _running(look: Look) -> tuple[str | None, Path | None]:
    """Ollama's KV type by the environment of its service, and the plist that starts it. Not seen is not f16."""
    if look.darwin:
        return _started_by_launchd(look)
    for pid, name, words in look.processes():
        if name == "ollama" and "serve" in words:
            environment = look.text(f"/proc/{pid}/environ")
            if environment is not None:
                return _value(environment.split("\0")), None
    names = ("LoadState", "ActiveState", "Environment", "EnvironmentFiles")
    told = look.run("systemctl", "show", *(word for name in names for word in ("-p", name)), "ollama.service") or ""
    shown = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    if (shown.get("LoadState"), shown.get("ActiveState")) != ("loaded", "active") or shown.get("EnvironmentFiles"):
        return None, None
    return _value(shown.get("Environment", "").split()), None


def _started_by_launchd(look: Look) -> tuple[str | None, Path | None]:
    """What a plist sets comes before what `launchctl setenv` does, which a daemon does not see."""
    told = look.run("launchctl", "getenv", KV_VARIABLE)
    of_user = (told or "").strip()
    for folder in (look.path("/Library/LaunchDaemons"), look.home / "Library/LaunchAgents"):
        path = folder / OLLAMA_PLIST
        plist = read_plist(path)
        if plist:
            own = plist.get("EnvironmentVariables")
            value = str(own.get(KV_VARIABLE) or "") if isinstance(own, dict) else ""
            if value or folder.name == "LaunchDaemons":
                return value or "f16", path
            return None if told is None else of_user or "f16", path
    return of_user or None, None


def _value(assignments: list[str]) -> str:
    found = [one.strip('"').partition("=")[2] for one in assignments if one.strip('"').startswith(f"{KV_VARIABLE}=")]
    return found[-1] if found and found[-1] else "f16"


def jit(seen: SettingsSeen, host: Host) -> Finding:
    key = unload_key(host)
    if key not in JIT.remedies:
        return JIT.ok(f"nothing to set on {host.engine}: one_model, duplicates and context show what came of requests")
    on = seen.settings.jit_loading
    if on is None:
        return JIT.unknown(seen.why or _not_told(host))
    if not on:
        return JIT.ok("off")
    file = f"{host.lms_home}/.internal/http-server-config.json"
    return JIT.warn(
        "on: a request that names another model loads it",
        JIT.command(key, file=file, words="justInTimeModelLoading", value="false", **service_values(host)),
    )


def auto_evict(seen: SettingsSeen, host: Host) -> Finding:
    if host.engine != "lm_studio":
        return AUTO_EVICT.ok(f"{host.engine} has no such setting")
    on = seen.settings.auto_evict
    if on is None:
        return AUTO_EVICT.unknown(seen.why or _not_told(host))
    if not on:
        return AUTO_EVICT.ok("off")
    if seen.settings.jit_loading is False:
        return AUTO_EVICT.ok("on, and no request loads a model (jit): nothing is thrown out")
    file, words = f"{host.lms_home}/settings.json", "developer.unloadPreviousJITModelOnLoad"
    return AUTO_EVICT.warn(
        "on: a request that loads a model throws out the one that a request loaded before",
        AUTO_EVICT.command("lm_studio", file=file, words=words, value="false", **service_values(host)),
    )


def _not_told(host: Host) -> str:
    return f"the settings under {host.lms_home} are not there or do not say"


def kv_type(seen: SettingsSeen, host: Host) -> Finding:
    wanted = host.kv_type or host.engine_options.get("kv_type")
    real = seen.running_kv_type or (seen.settings.kv_type if host.engine != "ollama" else None)
    if real is None:
        why = seen.why or f"{host.engine} does not tell its KV type"
        return (
            KV_TYPE.unknown(f"{why}; sizes were counted with {wanted}") if wanted else KV_TYPE.ok(f"{why}; none asked")
        )
    if not wanted or real == wanted:
        return KV_TYPE.ok(str(real))
    evidence = f"{real}, and sizes were counted with {wanted}"
    key = service_key(host)
    if seen.plist:
        key = "ollama_agent" if seen.plist.parent.name == "LaunchAgents" else "ollama_daemon"
    if key not in KV_TYPE.remedies:
        return KV_TYPE.unknown(f"{evidence}; {host.engine} sets it per model, in its own window")
    return KV_TYPE.fail(
        evidence, KV_TYPE.command(key, name=KV_VARIABLE, value=wanted, port=host.port, plist=seen.plist)
    )


SUBJECT = Subject(gather, ((JIT, jit), (AUTO_EVICT, auto_evict), (KV_TYPE, kv_type)), on_cloud=True)

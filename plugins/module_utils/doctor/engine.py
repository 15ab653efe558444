# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: does it answer, what has it loaded, and is that what was asked for?"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ..engines import EngineNotInstalled, Instance, connect
from ..errors import LabError
from .commands import CURL, RESTART, ROUTER_UP, UNLOAD, service_key, service_values, unload_key, unload_values
from .finding import Check, Finding
from .host import Host
from .look import Look, compact
from .subject import Subject

BAD_BUILDS = re.compile(r"(?<![\d.])0\.0\.[78](?!\d)")  # of llmster: its `lms server` is broken on a GB10
LOAD = CURL.replace("{body}", "{load}").replace("{url}", "{load_url}")
SILENT = "the engine does not answer"
CONTEXT_STEP_TOKENS = 256  # llama.cpp rounds a window up to this

ENGINE = Check(
    "engine",
    "whether the engine is installed and answers on the host's loopback",
    {
        **RESTART,
        "llama_cpp_router": ROUTER_UP,
        "openai_compatible": "curl -fsS {url}",
        "install_lm_studio": "curl -fsSL https://lmstudio.ai/install.sh | bash",
        "install_ollama": "curl -fsSL https://ollama.com/install.sh | sh",
        "install_ollama_darwin": "brew install ollama",
        "install_llama_cpp": "python3 -m venv {venv} && {venv}/bin/python -m pip install xllamacpp",
        "install_llama_server": (
            "git clone --depth 1 https://github.com/ggml-org/llama.cpp {source} && "
            "cmake -S {source} -B {source}/build -DCMAKE_RUNTIME_OUTPUT_DIRECTORY={folder} && "
            "cmake --build {source}/build --target llama-server -j"
        ),
    },
)
BUILD = Check("engine_build", "builds known to be broken (llmster 0.0.7, 0.0.8)", {"lm_studio": "{lms} daemon update"})
ONE_MODEL = Check("one_model", "how many different models are loaded", UNLOAD)
DUPLICATES = Check("duplicates", "two instances of one model, as `key:2`: a load is not idempotent", UNLOAD)
CONTEXT = Check(
    "context",
    "the loaded model's window against the one asked for",
    {
        "lm_studio": f"{CURL} && {LOAD}",
        "ollama": f"{CURL} && {LOAD}",
        "llama_cpp_router": CURL,
        "llama_cpp": UNLOAD["llama_cpp"],
    },
)


@dataclass(frozen=True)
class EngineSeen:
    """`why` says what keeps the engine from answering; then there are no instances."""

    build: str | None = None
    installed: bool = True
    why: str = ""
    loads: bool = True
    instances: tuple[Instance, ...] = ()


def gather(look: Look, host: Host) -> EngineSeen:
    engine = connect(host.engine, host.base_url, host.engine_options)
    loads = engine.capabilities.load
    try:
        build = engine.build()
        return EngineSeen(build, True, "", loads, tuple(engine.loaded()))
    except EngineNotInstalled as error:
        return EngineSeen(None, False, error.message, loads)
    except LabError as error:
        return EngineSeen(None, True, error.message, loads)


def answers(seen: EngineSeen, host: Host) -> Finding:
    if not seen.installed:
        return ENGINE.fail(seen.why, _install(host))
    if seen.why:
        return ENGINE.fail(seen.why, _restart(host, running=False))
    stuck = [one.id for one in seen.instances if not one.ready]
    if stuck:
        return ENGINE.warn(f"{', '.join(stuck)} is loading, or does not answer", _restart(host, running=True))
    return ENGINE.ok(f"{seen.build} at {host.base_url}")


def _restart(host: Host, running: bool) -> str:
    key = service_key(host)
    if unload_key(host) == "llama_cpp_router" and not running:
        key = "llama_cpp_router"
    url = f"{host.base_url.rstrip('/')}/v1/models"
    return ENGINE.command(key, url=url, **service_values(host))


def _install(host: Host) -> str:
    folder = os.path.dirname(str(host.engine_options.get("server") or ""))
    venv = os.path.dirname(os.path.dirname(str(host.engine_options.get("python") or "")))
    name = "install_llama_server" if folder else f"install_{service_key(host)}"
    return ENGINE.command(name, venv=venv, folder=folder, source=f"{folder}/llama.cpp")


def build(seen: EngineSeen, host: Host) -> Finding:
    if seen.build is None:
        return BUILD.unknown(SILENT)
    if host.engine == "lm_studio" and BAD_BUILDS.search(seen.build):
        return BUILD.fail(
            f"{seen.build}: its server does not start on a GB10", BUILD.command("lm_studio", lms=host.lms)
        )
    return BUILD.ok(seen.build)


def one_model(seen: EngineSeen, host: Host) -> Finding:
    if seen.why:
        return ONE_MODEL.unknown(SILENT)
    if not seen.loads:
        return ONE_MODEL.ok(f"{host.engine} loads nothing")
    models = sorted({one.model for one in seen.instances})
    if len(models) < 2:
        return ONE_MODEL.ok(f"{models[0]} is loaded" if models else "nothing is loaded")
    kept = host.model if host.model in models else models[0]
    others = [one.id for one in seen.instances if one.model != kept]
    return ONE_MODEL.fail(f"{len(models)} models are loaded: {', '.join(models)}", _unload(ONE_MODEL, host, others))


def duplicates(seen: EngineSeen, host: Host) -> Finding:
    if seen.why:
        return DUPLICATES.unknown(SILENT)
    again = [one.id for at, one in enumerate(seen.instances) if _comes_again(one, seen.instances[:at])]
    if again:
        return DUPLICATES.fail(f"loaded a second time: {', '.join(again)}", _unload(DUPLICATES, host, again))
    return DUPLICATES.ok(f"{len(seen.instances)} loaded, each once")


def _comes_again(instance: Instance, before: tuple[Instance, ...]) -> bool:
    return any(one.model == instance.model for one in before)


def context(seen: EngineSeen, host: Host) -> Finding:
    if seen.why:
        return CONTEXT.unknown(SILENT)
    for one in seen.instances:
        wanted = host.context_tokens
        if not one.ready or not wanted or host.model not in (None, one.model, one.id):
            continue
        if not wanted <= one.context_tokens < wanted + CONTEXT_STEP_TOKENS:
            evidence = f"{one.id} has {one.context_tokens} tokens, {wanted} were asked for"
            return CONTEXT.fail(evidence, _reload(host, one, wanted))
    windows = ", ".join(f"{one.id}: {one.context_tokens} tokens" for one in seen.instances)
    return CONTEXT.ok(windows or "nothing is loaded")


def _unload(check: Check, host: Host, instance_ids: list[str]) -> str:
    key = unload_key(host)
    commands = (check.command(key, **unload_values(host, one)) for one in instance_ids)
    return " && ".join(dict.fromkeys(commands))


def _reload(host: Host, instance: Instance, context_tokens: int) -> str:
    url = host.base_url.rstrip("/")
    if host.engine == "lm_studio":
        load_url, load = f"{url}/api/v1/models/load", {"model": instance.model, "context_length": context_tokens}
    else:
        load_url, load = (
            f"{url}/api/generate",
            {"model": instance.id, "keep_alive": -1, "options": {"num_ctx": context_tokens}},
        )
    values = {**unload_values(host, instance.id), "load": compact(load), "load_url": load_url}
    return CONTEXT.command(unload_key(host), **values)


SUBJECT = Subject(
    gather,
    ((ENGINE, answers), (BUILD, build), (ONE_MODEL, one_model), (DUPLICATES, duplicates), (CONTEXT, context)),
    on_cloud=True,
)

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for an administrator's programs, over a folder that plays the host's `/`. Run as: script NAME ARGUMENTS.

What they change is kept in that folder ($STAGE), as /proc, /etc and `state.json`, and nowhere else. `sudo` is what
makes a path of the system a path of the folder. A command that is not known here ends with 97, as a test must not take
a typo for a remedy.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

STAGE = Path(os.environ.get("STAGE", "/nowhere"))
STATE = STAGE / "state.json"
SYSTEM = ("/etc/", "/Library/", "/swapfile", "/usr/share/")
UNKNOWN = 97
GIB_KIB = 1024 * 1024


def run(words: list[str]) -> int:
    """Become that program."""
    os.execvp(words[0], words)


def load() -> dict[str, Any]:
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def save(**changes: Any) -> None:
    STATE.write_text(json.dumps(load() | changes))


def put(path: str, text: str) -> None:
    file = STAGE / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def process(pid: int, name: str, words: list[str], environment: list[str]) -> None:
    """One entry of /proc."""
    put(f"/proc/{pid}/comm", name + "\n")
    put(f"/proc/{pid}/cmdline", "\0".join(words) + "\0")
    put(f"/proc/{pid}/environ", "\0".join(environment) + "\0")


def listens(address: str, port: int) -> None:
    """The only listener of /proc/net/tcp."""
    packed = int.from_bytes(bytes(map(int, address.split("."))), sys.byteorder)
    row = f"   0: {packed:08X}:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 1 1\n"
    put("/proc/net/tcp", "  sl  local_address rem_address   st\n" + row)


def meminfo(available_gib: float, swap_gib: float, swap_used_gib: float = 0) -> None:
    fields = {
        "MemTotal": 64, "MemFree": available_gib, "MemAvailable": available_gib,
        "SwapTotal": swap_gib, "SwapFree": swap_gib - swap_used_gib,
    }  # fmt: skip
    put("/proc/meminfo", "".join(f"{name}: {int(size * GIB_KIB)} kB\n" for name, size in fields.items()))


def freed() -> None:
    """An engine that was started anew holds nothing."""
    if load().get("held_by_engine"):
        meminfo(60, 8)
        put("/proc/pressure/memory", "some avg10=0.00 avg60=0\nfull avg10=0.00 avg60=0\n")
        save(held_by_engine=False, computes=1)
    for part in (STAGE / "parts").glob("*"):
        part.unlink()


def serve(kind: str, port: int) -> int:
    """Start a server that answers as this kind does, and wait until it listens."""
    import socket
    import subprocess
    import time

    process = subprocess.Popen(
        [sys.executable, "-I", __file__, "serve-here", kind, str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    save(pids=[*load().get("pids", []), process.pid])
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return 0
    return 1


def serve_here(kind: str, port: int) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    told = {
        "/lmstudio-greeting": '{"lmstudio": true}', "/api/v1/models": '{"models": []}',
        "/api/version": '{"version": "0.33.0"}', "/api/ps": '{"models": []}', "/api/tags": '{"models": []}',
        "/v1/models": '{"data": []}', "/models": '{"data": []}', "/health": '{"status": "ok"}',
        "/metrics": {"node": "# HELP\nnode_load1 1\n", "dcgm": "# HELP\nDCGM_FI_DEV_GPU_UTIL 1\n"}.get(kind, ""),
    }  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = told.get(self.path, "{}").encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_unused: Any) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def sudo(words: list[str]) -> int:
    moved = [re.sub(rf"(?<![\w.])({'|'.join(SYSTEM)})", rf"{STAGE}\1", word) for word in words]
    return run(moved)


def start_ollama() -> int:
    """With the environment that its drop-ins give it."""
    drop_ins = sorted((STAGE / "etc/systemd/system/ollama.service.d").glob("*.conf"))
    set_here = [line.partition("=")[2] for file in drop_ins for line in file.read_text().splitlines()[1:]]
    environment = [*set_here, *(f"{name}={value}" for name, value in load().get("launchd", {}).items())]
    process(4242, "ollama", ["/usr/bin/ollama", "serve"], environment)
    told = dict(one.split("=", 1) for one in environment)
    listens(told.get("OLLAMA_HOST", "127.0.0.1:11434").split(":")[0], 11434)
    freed()
    port = load().get("engine_port")
    return serve("ollama", port) if port else 0


def start_earlyoom() -> int:
    default = (STAGE / "etc/default/earlyoom").read_text()
    words = re.findall(r'EARLYOOM_ARGS="(.*)"', default)[0].split()
    process(4243, "earlyoom", ["/usr/bin/earlyoom", *words], [])
    return 0


def systemctl(words: list[str]) -> int:
    state = load()
    if words[0] == "show":
        unit, wanted = words[-1], words[words.index("-p") + 1]
        if wanted == "MemoryMin":
            print(state.get("memory_min", {}).get(unit, 0))
            return 0
        return 1
    if words[0] == "is-active":
        return 0 if words[1] in state.get("units", ()) else 3
    if words[0] == "set-property":
        size = words[2].removeprefix("MemoryMin=").removesuffix("M")
        save(memory_min={words[1]: int(size) * 1024**2})
        return 0
    if words[0] in ("reboot", "poweroff"):
        save(gpu=state["gpu"] | state["after_power"])
        return 0
    if words[0] == "daemon-reload":
        return 0
    if words[:2] == ["restart", "ollama"]:
        return start_ollama()
    if words[:2] == ["restart", "earlyoom"]:
        return start_earlyoom()
    if words[0] in ("restart", "start") and words[1] in state.get("tunnels", {}):
        return serve("plain", state["tunnels"][words[1]])
    return UNKNOWN


def launchctl(words: list[str]) -> int:
    import plistlib

    state = load()
    if words[0] == "getenv":
        print(state.get("launchd", {}).get(words[1], ""))
        return 0
    if words[0] == "setenv":
        save(launchd=state.get("launchd", {}) | {words[1]: words[2]})
        return 0
    if words[0] == "kickstart":
        return serve("plain", state["tunnels"][words[-1].removeprefix("system/")])
    if words[0] == "bootstrap":
        save(daemons={words[2]: plistlib.loads(Path(words[2]).read_bytes())})
    return 0 if words[0] in ("bootout", "bootstrap") else UNKNOWN


def apt_get(words: list[str]) -> int:
    state = load()
    for package in (word for word in words if not word.startswith("-") and word != "install"):
        if package == "prometheus-node-exporter":
            serve("node", state["node_port"])
        elif package == "earlyoom":
            put("/etc/default/earlyoom", 'EARLYOOM_ARGS="-r 3600"\n')
            start_earlyoom()
        elif package.startswith("nvidia-driver-"):
            save(after_power={"driver_version": package.split("-")[2] + ".142"})
        elif package.startswith("datacenter-gpu-manager"):
            packages = load().get("packages", {})
            save(packages=packages | {package: "1:4.8.2" if package.endswith("exporter") else "1:4.5.3"})
        elif package == "bubblewrap":
            (STAGE / "bin/bwrap").symlink_to("/usr/bin/bwrap")
        else:
            return UNKNOWN
    return 0


def swap_program(name: str, words: list[str]) -> int:
    areas: dict[str, list[Any]] = load().get("swaps", {})
    if name == "swapoff":
        areas = {} if words == ["-a"] else {path: area for path, area in areas.items() if path != words[0]}
        save(off=load().get("swaps", {}))
    elif words == ["-a"]:
        areas = load()["off"]
    else:
        areas[words[0]] = ["file", os.stat(words[0]).st_size // 1024]
    save(swaps=areas)
    rows = [f"{path}\t{kind}\t{size}\t0\t-2" for path, (kind, size) in areas.items()]
    put("/proc/swaps", "\n".join(["Filename\tType\tSize\tUsed\tPriority", *rows]) + "\n")
    meminfo(60, sum(area[1] for area in areas.values()) / GIB_KIB)
    return 0


def nvidia_smi(words: list[str]) -> int:
    gpu = load().get("gpu")
    if not gpu:
        return 9
    if words[0] == "-pl":
        save(gpu=gpu | {"enforced.power.limit": words[1], "power.draw": words[1]})
    elif words[0].startswith("--query-gpu="):
        print(", ".join(gpu.get(field, "[N/A]") for field in words[0].partition("=")[2].split(",")))
    elif words[0].startswith("--query-compute-apps"):
        print("4242, 1 MiB\n" * load().get("computes", 0), end="")
    return 0


def lms(words: list[str]) -> int:
    if words[:2] == ["daemon", "update"]:
        put("/llmster", "0.0.12-1")
    elif words[:2] == ["daemon", "down"]:
        freed()
    elif words[:2] == ["server", "start"]:
        port = int(words[words.index("--port") + 1])
        listens(words[words.index("--bind") + 1], port)
        if load().get("engine_port") == port:
            return serve("lm_studio", port)
    elif words[:2] not in (["daemon", "up"], ["server", "stop"]):
        return UNKNOWN
    return 0


def docker(words: list[str]) -> int:
    if words[0] == "info":
        print(json.dumps({"MemTotal": load().get("vm_bytes", 0), "OperatingSystem": "Docker Desktop"}))
        return 0
    if words[0] == "run" and "dcgm-exporter" in words[-1]:
        return serve("dcgm", int(words[words.index("-p") + 1].split(":")[0]))
    return 0 if words[0] == "ps" else UNKNOWN  # nothing else is asked of it: it is never written to


def curl(words: list[str]) -> int:
    url = next(word for word in words if word.startswith("http"))
    if url.startswith("http://127.0.0.1"):
        return run([load()["curl"], *words])
    print(f"touch {STAGE}/installed-from-{url.split('/')[2]}")
    return 0


def ssh(words: list[str]) -> int:
    if "-L" in words:
        return serve("plain", int(words[words.index("-L") + 1].split(":")[1]))
    return 0


def python3(words: list[str]) -> int:
    if words[:2] != ["-m", "venv"]:
        return run([load()["python"], *words])
    program = Path(words[2]) / "bin/python"
    program.parent.mkdir(parents=True)
    wheel = STAGE / "wheel"
    knows = f'[ "$1" = -I ] && {{ [ -e {wheel} ] && echo 1.0; exit; }}'
    program.write_text(f"#!/bin/sh\n{knows}\ntouch {wheel}\n")
    program.chmod(0o755)
    return 0


def main(name: str, words: list[str]) -> int:
    with (STAGE / "calls").open("a") as calls:
        calls.write(json.dumps([name, *words]) + "\n")
    if name in ("swapoff", "swapon"):
        return swap_program(name, words)
    if name == "sysctl":
        if words[-1] == "vm.compact_memory=1":
            put("/proc/buddyinfo", "Node 0, zone   Normal 0 0 0 0 0 0 0 0 0 0 9000\n")
        return 0
    if name == "brew":
        if words[-1] == "ollama" and words[0] == "services":
            return start_ollama()
        return serve("node", load()["node_port"]) if words[:2] == ["services", "start"] else 0
    if name == "open":
        save(vm_bytes=1 << 36)  # the person moves the slider
        return 0
    if name == "plutil":
        import plistlib

        plist = plistlib.loads(Path(words[-1]).read_bytes())
        *above, key = words[1].split(".")
        place = plist[above[0]] if above else plist
        if words[0] == "-insert" and key in place:
            return 1
        place[key] = {} if words[2] == "-dictionary" else words[3]
        Path(words[-1]).write_bytes(plistlib.dumps(plist))
        return 0
    if name == "dpkg-query":
        print("".join(f"{package} {version}\n" for package, version in load().get("packages", {}).items()), end="")
        return 0
    if name == "llama-server":
        return serve("router", int(words[words.index("--port") + 1]))
    if name in (
        "chown",
        "mkswap",
        "timedatectl",
        "sntp",
        "purge",
        "git",
        "cmake",
        "createdb",
        "fallocate",
        "ansible-galaxy",
    ):
        if name == "fallocate":
            os.truncate(os.open(words[-1], os.O_CREAT | os.O_RDWR), 8 << 30)
        return 0
    programs = {
        "sudo": sudo, "systemctl": systemctl, "launchctl": launchctl, "apt-get": apt_get, "nvidia-smi": nvidia_smi,
        "lms": lms, "docker": docker, "curl": curl, "ssh": ssh, "python3": python3,
    }  # fmt: skip
    return programs[name](words) if name in programs else UNKNOWN


if __name__ == "__main__":
    if sys.argv[1] == "serve-here":
        serve_here(sys.argv[2], int(sys.argv[3]))
    raise SystemExit(main(sys.argv[1], sys.argv[2:]))

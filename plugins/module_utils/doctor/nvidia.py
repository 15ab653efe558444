# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The NVIDIA GPU: driver, DCGM, power under load, and whether the engine uses it at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..engines import connect
from ..errors import LabError
from .commands import RESTART, service_key, service_values
from .finding import Check, Finding
from .host import Host
from .look import Look
from .subject import Subject

FIELDS = (
    "name", "driver_version", "utilization.gpu", "power.draw", "enforced.power.limit", "power.default_limit",
    "clocks.sm", "clocks.max.sm",
)  # fmt: skip
GOOD_DRIVER = 580
BAD_DRIVERS = {590: "reported to be unstable on a GB10"}
BUSY_PERCENT = 80
LOW_WATTS, SLOW_MHZ = 35.0, 1000.0  # of a GB10: a healthy one does not run at both
LOW_SHARE, SLOW_SHARE, CAPPED_SHARE = 0.25, 0.45, 0.6

DRIVER = Check(
    "driver",
    "nvidia-smi: the driver is there and of no branch known to be bad (590)",
    {
        "install": (
            f"sudo apt-get install -y --allow-downgrades nvidia-driver-{GOOD_DRIVER}-open && sudo systemctl reboot"
        )
    },
)
DCGM = Check(
    "dcgm",
    "DCGM and its exporter are of one major version, and 4 or newer on a GB10",
    {"install": "sudo apt-get install -y datacenter-gpu-manager-4-core datacenter-gpu-manager-exporter"},
)
POWER = Check(
    "gpu_power",
    "nvidia-smi: watts and clock while the GPU is at work; a unit capped near 30 W looks like slow software",
    {
        "limit": "sudo nvidia-smi -pl {watts}",
        "power_cycle": (
            "sudo systemctl poweroff # then unplug the power brick at both ends for a minute: a restart is too little"
        ),
    },
)
ON_GPU = Check(
    "cpu_fallback",
    "nvidia-smi: a process computes on the GPU while a model is loaded",
    {
        **RESTART,
        "llama_cpp": (
            "git clone --depth 1 https://github.com/ggml-org/llama.cpp {source} && "
            "cmake -S {source} -B {source}/build -DGGML_CUDA=ON && "
            "cmake --build {source}/build --target llama-server -j "
            "# then lab_engine_options: {{server: {source}/build/bin/llama-server}}"
        ),
    },
)


@dataclass(frozen=True)
class Gpu:
    """None where nvidia-smi says [N/A]: a GB10 tells no limits."""

    name: str
    driver: str
    busy_percent: float | None = None
    watts: float | None = None
    limit_watts: float | None = None
    default_watts: float | None = None
    clock_mhz: float | None = None
    max_clock_mhz: float | None = None


@dataclass(frozen=True)
class NvidiaSeen:
    gpu: Gpu | None
    packages: dict[str, str]
    computing: int = 0
    loaded: tuple[str, ...] = ()


def gather(look: Look, host: Host) -> NvidiaSeen:
    text = look.run("nvidia-smi", f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits")
    gpu = parse_gpu(text or "")
    if gpu is None:
        return NvidiaSeen(None, {})
    packages = look.run("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "datacenter-gpu-manager*")
    apps = look.run("nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader")
    return NvidiaSeen(gpu, parse_packages(packages or ""), len((apps or "").splitlines()), _loaded(host))


def _loaded(host: Host) -> tuple[str, ...]:
    try:
        return tuple(one.id for one in connect(host.engine, host.base_url, host.engine_options).loaded())
    except LabError:
        return ()


def parse_gpu(text: str) -> Gpu | None:
    """The first GPU of nvidia-smi's table."""
    words = [word.strip() for word in text.split("\n")[0].split(",")]
    if len(words) != len(FIELDS):
        return None
    return Gpu(words[0], words[1], *map(_number, words[2:]))


def _number(word: str) -> float | None:
    return float(word) if re.fullmatch(r"\d+(\.\d+)?", word) else None


def parse_packages(text: str) -> dict[str, str]:
    """Package and version; one that was removed has none."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}


def driver(seen: NvidiaSeen, host: Host) -> Finding:
    if seen.gpu is None:
        if host.gpu == "none" or host.darwin:
            return DRIVER.ok("no NVIDIA GPU is expected")
        return DRIVER.warn(f"lab_gpu is {host.gpu}, and nvidia-smi finds none", DRIVER.command("install"))
    branch = _major(seen.gpu.driver)
    evidence = f"{seen.gpu.driver} on {seen.gpu.name}"
    if branch in BAD_DRIVERS:
        return DRIVER.warn(f"{evidence}: {branch} is {BAD_DRIVERS[branch]}", DRIVER.command("install"))
    return DRIVER.ok(evidence)


def dcgm(seen: NvidiaSeen, host: Host) -> Finding:
    if seen.gpu is None:
        return DCGM.ok("no NVIDIA GPU")
    exporter = seen.packages.get("datacenter-gpu-manager-exporter")
    cores = [version for name, version in sorted(seen.packages.items()) if not name.endswith("-exporter")]
    if not cores and not exporter:
        return DCGM.ok("not installed as a package (a container brings its own pair)")
    evidence = f"DCGM {cores[-1] if cores else 'missing'}, exporter {exporter or 'missing'}"
    majors = {_major(version) for version in [*cores[-1:], *([exporter] if exporter else [])]}
    if not cores or len(majors) > 1 or (host.unified_gpu and min(majors) < 4):
        return DCGM.warn(f"{evidence}: not a pair that works here", DCGM.command("install"))
    return DCGM.ok(evidence)


def _major(version: str) -> int:
    """Of `580.142` or, with an epoch, `1:4.5.3`."""
    found = re.match(r"(?:\d+:)?(\d+)", version)
    return int(found[1]) if found else 0


def power(seen: NvidiaSeen, host: Host) -> Finding:
    gpu = seen.gpu
    if gpu is None:
        return POWER.ok("no NVIDIA GPU")
    if gpu.limit_watts and gpu.default_watts and gpu.limit_watts < CAPPED_SHARE * gpu.default_watts:
        evidence = f"limited to {gpu.limit_watts:g} W of {gpu.default_watts:g} W"
        return POWER.warn(evidence, POWER.command("limit", watts=f"{gpu.default_watts:g}"))
    if gpu.busy_percent is None or gpu.watts is None:
        return POWER.unknown("nvidia-smi does not tell utilisation and power")
    evidence = f"{gpu.watts:g} W at {gpu.busy_percent:g} % utilisation" + (
        f" and {gpu.clock_mhz:g} MHz" if gpu.clock_mhz else ""
    )
    if gpu.busy_percent < BUSY_PERCENT:
        return POWER.ok(f"{evidence}: says nothing until it is at work")
    low = gpu.watts < (LOW_SHARE * gpu.limit_watts if gpu.limit_watts else LOW_WATTS)
    slow = gpu.clock_mhz is None or gpu.clock_mhz < (SLOW_SHARE * gpu.max_clock_mhz if gpu.max_clock_mhz else SLOW_MHZ)
    return (
        POWER.fail(f"{evidence}: starved of power", POWER.command("power_cycle"))
        if low and slow
        else POWER.ok(evidence)
    )


def on_gpu(seen: NvidiaSeen, host: Host) -> Finding:
    if seen.gpu is None:
        return ON_GPU.ok("no NVIDIA GPU")
    if not seen.loaded:
        return ON_GPU.ok("nothing is loaded")
    if seen.computing:
        return ON_GPU.ok(f"{seen.computing} processes compute on {seen.gpu.name}")
    values = {"source": f"{host.home}/llama.cpp", **service_values(host)}
    evidence = f"{', '.join(seen.loaded)} is loaded and nothing computes on {seen.gpu.name}"
    return ON_GPU.fail(evidence, ON_GPU.command(service_key(host), **values))


SUBJECT = Subject(gather, ((DRIVER, driver), (DCGM, dcgm), (POWER, power), (ON_GPU, on_gpu)))

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left for a model beside everything else on a host; its programs are stood in for on PATH."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.memory import claims
from ansible_collections.local_llm.lab.plugins.module_utils.memory.capacity import capacity, gpus, metal_limit, tier

CAPTURED = Path(__file__).with_name("captured")
MIB = 1024**2
GIB = 1024**3
SETTINGS = "Library/Group Containers/group.com.docker"
DESKTOP = json.dumps({"OperatingSystem": "Docker Desktop", "MemTotal": 8319504384, "NCPU": 10})
PLAIN = json.dumps({"OperatingSystem": "Ubuntu 24.04.3 LTS", "MemTotal": 130661314560})


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """A host with no program of interest but those a test puts there, and an empty home."""
    home, folder = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    folder.mkdir()
    (folder / "cat").symlink_to("/bin/cat")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("MINIKUBE_HOME", raising=False)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(claims, "MORE_PROGRAMS", ())

    def put(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return put


def docker_says(info: str, kind: str = "") -> str:
    return f"case $1 in info) echo '{info}';; ps) printf '{kind}';; esac"


@pytest.fixture
def mac(program: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    program("vm_stat", f"cat {CAPTURED}/vm_stat_48gib.txt")
    chip, limit = "machdep.cpu.brand_string) echo Apple M4 Pro", "iogpu.wired_limit_mb) echo ${WIRED_LIMIT_MB:-0}"
    program("sysctl", f'case "$2" in {chip};; {limit};; *) cat {CAPTURED}/sysctl_48gib.txt;; esac')
    settings = Path.home() / SETTINGS
    settings.mkdir(parents=True)
    return settings


def minikube(driver: str, memory_mib: int, nodes: int = 1, home: Path | None = None) -> None:
    folder = (home or Path.home() / ".minikube") / "profiles" / driver
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"Memory": memory_mib, "Driver": driver, "Nodes": [{}] * nodes}))


def test_a_mac_with_docker_and_a_cluster_in_it(mac: Path, program: Callable[[str, str], None]) -> None:
    program("docker", docker_says(DESKTOP))
    (mac / "settings-store.json").write_text(json.dumps({"MemoryMiB": 8092, "AutoStart": True}))
    minikube("docker", 6144)
    told = capacity(reserve_bytes=4 * GIB)
    assert told["docker"] == {"running": True, "vm": True, "memory_bytes": 8092 * MIB}
    assert told["clusters"] == [{"name": "docker", "kind": "minikube", "driver": "docker", "memory_bytes": 6144 * MIB}]
    held = told["reserved"]
    assert (held["docker_vm_bytes"], held["clusters_bytes"]) == (8092 * MIB, 0), "the cluster lives in the machine"
    assert told["usable_bytes"] == 48 * GIB - held["os_bytes"] - 8092 * MIB - 4 * GIB
    assert told["tier"] == "lite"
    assert told["gpus"] == [{"name": "Apple M4 Pro", "driver_version": None, "memory_bytes": None}]


@pytest.mark.parametrize(("told", "limit"), [("0", 36 * GIB), ("20480", 20 * GIB), ("", 36 * GIB)])
def test_a_macs_gpu_keeps_only_so_much(mac: Path, monkeypatch: pytest.MonkeyPatch, told: str, limit: int) -> None:
    monkeypatch.setenv("WIRED_LIMIT_MB", told)
    capable = capacity(reserve_bytes=0)
    assert capable["metal_limit_bytes"] == limit
    assert capable["usable_bytes"] == min(limit, 48 * GIB - capable["reserved"]["os_bytes"])
    assert metal_limit(24 * GIB) == (16 * GIB if limit == 36 * GIB else limit)


@pytest.mark.parametrize(
    ("file", "content", "cap"),
    [
        ("settings-store.json", {"MemoryMiB": 16384}, 16384 * MIB),
        ("settings.json", {"memoryMiB": 2048}, 2048 * MIB),
    ],
)
def test_a_mac_whose_docker_is_off_reserves_what_it_would_take(
    mac: Path, program: Callable[[str, str], None], file: str, content: dict[str, int], cap: int
) -> None:
    program("docker", 'echo \'{"ServerErrors": ["Cannot connect to the Docker daemon"]}\'; exit 1')
    (mac / file).write_text(json.dumps(content))
    found = claims.docker()
    assert found == claims.Docker(running=False, vm=True, memory_bytes=cap)
    assert claims.reserved(found, []) == (cap, 0)


def test_settings_that_tell_nothing_are_no_error(mac: Path, program: Callable[[str, str], None]) -> None:
    (mac / "settings-store.json").write_text("{")
    assert claims.docker() is None
    program("docker", docker_says(DESKTOP))
    assert claims.docker() == claims.Docker(running=True, vm=True, memory_bytes=8319504384)


def test_on_linux_containers_share_the_hosts_memory(program: Callable[[str, str], None]) -> None:
    program("docker", docker_says(PLAIN, kind="dev\\ndev\\nother\\n"))
    minikube("kvm2", 4096, nodes=2)
    told = capacity(reserve_bytes=0)
    assert told["docker"]["vm"] is False
    assert told["reserved"]["docker_vm_bytes"] == 0
    assert told["reserved"]["clusters_bytes"] == 2 * 4096 * MIB
    kinds = [(one["name"], one["kind"], one["memory_bytes"]) for one in told["clusters"]]
    assert kinds == [("kvm2", "minikube", 8192 * MIB), ("dev", "kind", None), ("other", "kind", None)]


def test_a_cluster_in_containers_counts_where_there_is_no_machine_around_them(tmp_path: Path) -> None:
    cluster = claims.Cluster("dev", "minikube", "docker", 6 * GIB)
    on_the_host = claims.Cluster("bare", "minikube", "none", 6 * GIB)
    assert claims.reserved(claims.Docker(True, False, 64 * GIB), [cluster, on_the_host]) == (0, 6 * GIB)
    assert claims.reserved(claims.Docker(True, True, 8 * GIB), [cluster, on_the_host]) == (8 * GIB, 0)


def test_minikube_is_found_where_its_home_is(
    program: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for home in (tmp_path / "mk", tmp_path / "other" / ".minikube"):
        minikube("qemu2", 2200, home=home if home.name == ".minikube" else home / ".minikube")
        monkeypatch.setenv("MINIKUBE_HOME", str(home))
        assert [one.memory_bytes for one in claims.clusters()] == [2200 * MIB]


def test_a_host_with_nothing_on_it(program: Callable[[str, str], None]) -> None:
    told = capacity(reserve_bytes=0)
    assert (told["docker"], told["clusters"], told["gpus"], told["metal_limit_bytes"]) == (None, [], [], None)
    assert told["usable_bytes"] == told["total_bytes"] - told["reserved"]["os_bytes"]
    assert capacity(reserve_bytes=1 << 60)["usable_bytes"] == 0


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("NVIDIA GB10, 580.142, [N/A]", [("NVIDIA GB10", "580.142", None)]),
        (
            "NVIDIA RTX A6000, 550.54.15, 49140\\nNVIDIA RTX A6000, 550.54.15, 49140",
            [("NVIDIA RTX A6000", "550.54.15", 49140 * MIB)] * 2,
        ),
        ("No devices were found", []),
    ],
)
def test_gpus_and_their_driver(
    program: Callable[[str, str], None], said: str, found: list[tuple[str, str, int | None]]
) -> None:
    program("nvidia-smi", f"printf '{said}\\n'")
    assert [(one["name"], one["driver_version"], one["memory_bytes"]) for one in gpus()] == found


@given(st.integers(0, 1 << 45), st.integers(0, 1 << 45))
def test_more_memory_never_suggests_a_smaller_tier(one: int, other: int) -> None:
    order = ["cloud", "lite", "full"]
    assert order.index(tier(min(one, other))) <= order.index(tier(max(one, other)))

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a host, its remedy as it is printed, and the same check again: ok."""

from __future__ import annotations

import dataclasses
import os
import plistlib
import stat
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import keeper
from ansible_collections.local_llm.lab.plugins.module_utils.doctor import Tunnel, keeper_check, memory_checks
from ansible_collections.local_llm.lab.tests.fakes import host_programs

from .stage import Stage, free_port, heals

GPU = {
    "name": "NVIDIA GB10", "driver_version": "580.142", "utilization.gpu": "96", "power.draw": "71.5",
    "clocks.sm": "2400",
}  # fmt: skip
WRITER = "import sys; file=open(sys.argv[1],'w'); print(flush=True); sys.stdin.read()"
NO_SWAP = "Filename\tType\tSize\tUsed\tPriority\n"


def held(stage: Stage, seconds: int = 600) -> str:
    """A real keeper, held by somebody."""
    folder = str(stage.root / "k")
    options = {"python": sys.executable, "state_dir": str(stage.root / "engine")}
    keeper.hold(folder, keeper.Terms("somebody", seconds, 0, "llama_cpp", stage.host.base_url, options))
    stage.ask(keeper_dir=folder)
    return folder


@heals("keeper", "end")
def test_a_keeper_past_its_deadline_is_ended(stage: Stage) -> None:
    held(stage)
    assert stage.find("keeper").verdict == "ok"
    seen = keeper_check.gather(stage.look, stage.host)
    late = keeper_check.keeper(dataclasses.replace(seen, now=seen.now + timedelta(hours=1)), stage.host)
    assert late.verdict == "fail" and "somebody" in late.evidence
    stage.run(late.remedy)
    deadline = time.monotonic() + 60
    while "Nobody holds the host" not in stage.find("keeper").evidence:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@heals("keeper", "forget")
def test_a_breach_is_told_until_it_is_forgotten(stage: Stage) -> None:
    folder = held(stage, seconds=1)
    deadline = time.monotonic() + 60
    while keeper.status(folder)["held"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stage.heal("keeper", "warn", "deadline passed")


@heals("keeper", "open")
def test_a_keepers_folder_is_opened_to_everybody(stage: Stage) -> None:
    folder = stage.root / "k"
    folder.mkdir(mode=0o700)
    stage.ask(keeper_dir=str(folder))
    seen = keeper_check.KeeperSeen(keeper_check.gather(stage.look, stage.host).now, None, "it cannot be used")
    stage.run(keeper_check.keeper(seen, stage.host).remedy)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777


@heals("kv_type", "ollama")
@heals("kv_type", "ollama_darwin")
@heals("public_address", "ollama")
@heals("public_address", "ollama_darwin")
@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_ollamas_environment_is_set(stage: Stage, system: str) -> None:
    stage.be(system)
    stage.ask(kv_type="q8_0")
    if system == "Darwin":
        assert stage.find("kv_type").verdict == "unknown"  # its app, say: nobody sees with which environment
        stage.set(launchd={"OLLAMA_KV_CACHE_TYPE": "f16"})
    host_programs.process(4242, "ollama", ["ollama", "serve"], [])
    stage.heal("kv_type", "fail", "f16, and sizes were counted with q8_0")
    host_programs.listens("0.0.0.0", 11434)
    if system == "Darwin":
        stage.program("lsof").write_text("#!/bin/sh\necho p1; echo 'n*:11434'\n")
        finding = stage.find("public_address")
        assert finding.verdict == "fail"
        stage.run(finding.remedy)
        assert host_programs.load()["launchd"]["OLLAMA_HOST"] == "127.0.0.1:11434"
    else:
        stage.heal("public_address", "fail", "ollama on 0.0.0.0 port 11434")


@heals("public_address", "lm_studio")
def test_lm_studio_is_bound_to_the_loopback(stage: Stage) -> None:
    (stage.home / ".lmstudio/bin").mkdir(parents=True)
    (stage.home / ".lmstudio/bin/lms").symlink_to(stage.bin / "lms")
    host_programs.listens("192.168.1.20", 1234)
    stage.heal("public_address", "fail", "lm_studio on 192.168.1.20 port 1234")


@heals("download", "client")
@pytest.mark.parametrize("name", ["big.gguf.part", ".big.gguf.fetched"])
def test_a_client_that_downloads_is_ended(stage: Stage, name: str) -> None:
    held(stage)
    stage.ask(models_dir=str(stage.root / "models"))
    (stage.root / "models").mkdir()
    part = stage.root / f"models/{name}"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(part)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        client.stdout.readline()
        link = stage.root / f"proc/{client.pid}/fd/3"
        host_programs.process(client.pid, "wget", ["wget"], [])
        link.parent.mkdir()
        link.symlink_to(part)
        finding = stage.find("download")
        assert finding.verdict == "fail" and "somebody holds the host" in finding.evidence
        stage.run(finding.remedy)
        assert client.wait(timeout=60) < 0


@heals("download", "lm_studio")
@heals("download", "ollama")
@heals("download", "ollama_darwin")
@heals("memory_floor", "lm_studio")
@heals("memory_floor", "ollama")
@heals("memory_floor", "ollama_darwin")
@heals("memory_pressure", "lm_studio")
@heals("memory_pressure", "ollama")
@heals("memory_pressure", "ollama_darwin")
@heals("cpu_fallback", "lm_studio")
@heals("cpu_fallback", "ollama")
@heals("cpu_fallback", "ollama_darwin")
@pytest.mark.parametrize("system", ["Linux", "Darwin"])
@pytest.mark.parametrize("engine", ["lm_studio", "ollama"])
def test_what_an_engine_holds_comes_back_when_it_starts_anew(stage: Stage, engine: str, system: str) -> None:
    if engine == "lm_studio":
        (stage.home / ".lmstudio/bin").mkdir(parents=True)
        (stage.home / ".lmstudio/bin/lms").symlink_to(stage.bin / "lms")
    stage.ask(engine=engine, system=system, floor_bytes=8 << 30, models_dir=str(stage.root / "parts"))
    for check, evidence in (
        ("memory_floor", "1.0 GiB available, the floor is 8.0 GiB"),
        ("memory_pressure", "42 % of the last ten seconds"),
        ("download", "in flight"),
    ):
        held(stage)
        host_programs.meminfo(1, 8)
        stage.put("/proc/pressure/memory", "some avg10=60.00 avg60=0\nfull avg10=42.00 avg60=0\n")
        stage.put("/parts/big.gguf.part", "half")
        stage.set(held_by_engine=True)
        stage.heal(check, "warn" if check == "memory_pressure" else "fail", evidence)


@heals("huge_blocks", "compact")
def test_free_memory_is_put_together_again(stage: Stage) -> None:
    stage.ask(gpu="GB10")
    stage.put("/proc/buddyinfo", "Node 0, zone   Normal 9000000 0 0 0 0 0 0 0 0 0 10\n")
    stage.heal("huge_blocks", "warn", "0.0 GiB in blocks of 2 MiB, 60.0 GiB available")


@heals("swap", "empty")
def test_what_is_swapped_out_comes_back(stage: Stage) -> None:
    stage.set(swaps={"/swapfile": ["file", 8 << 20]})
    host_programs.meminfo(60, 8, swap_used_gib=3)
    stage.heal("swap", "warn", "3.0 GiB of 8.0 GiB in use")


@heals("swap", "empty_darwin")
def test_on_macos_memory_is_purged(stage: Stage) -> None:
    stage.ask(system="Darwin")
    host_programs.meminfo(60, 8, swap_used_gib=3)
    stage.run(memory_checks.swap(memory_checks.gather(stage.look, stage.host), stage.host).remedy)
    assert ["purge"] in stage.calls()


@heals("swap", "add")
def test_swap_is_added(stage: Stage) -> None:
    host_programs.meminfo(60, 0)
    stage.put("/proc/swaps", NO_SWAP)
    stage.heal("swap", "warn", "none: ")


@heals("swap", "shrink_file")
@heals("swap", "replace")
@pytest.mark.parametrize("kind", ["file", "partition"])
def test_too_much_swap_becomes_less(stage: Stage, kind: str) -> None:
    size = 64 << 20  # KiB
    path = stage.put("/swapfile", "") if kind == "file" else Path("/dev/nvme0n1p3")
    fstab = stage.put("/etc/fstab", f"{path} none swap sw 0 0\n/dev/nvme0n1p2 / ext4 defaults 0 1\n")
    stage.set(swaps={str(path): [kind, size]})
    stage.put("/proc/swaps", f"{NO_SWAP}{path}\t{kind}\t{size}\t0\t-2\n")
    host_programs.meminfo(60, 64)
    stage.heal("swap", "warn", "hangs for long")
    assert fstab.read_text().startswith("#") == (kind == "partition")
    assert "\n/dev/nvme0n1p2 /" in fstab.read_text()


@heals("oom_guard", "install")
@heals("oom_guard", "configure")
@pytest.mark.parametrize("there", [False, True])
def test_earlyoom_prefers_the_engine(stage: Stage, there: bool) -> None:
    if there:
        stage.put("/etc/default/earlyoom", "")
        host_programs.process(4243, "earlyoom", ["earlyoom", "--prefer", "^firefox$"], [])
    stage.heal("oom_guard", "warn", "does not prefer llama-server, ollama" if there else "earlyoom does not run")


@heals("ssh_protected", "set")
def test_memory_is_kept_for_sshd(stage: Stage) -> None:
    assert stage.find("ssh_protected").verdict == "unknown"
    stage.set(units=["ssh.service"])
    stage.heal("ssh_protected", "warn", "ssh.service has MemoryMin=0")


@heals("driver", "install")
def test_a_bad_driver_is_replaced(stage: Stage) -> None:
    stage.set(gpu=GPU | {"driver_version": "590.48.01"})
    stage.heal("driver", "warn", "590.48.01 on NVIDIA GB10")


@heals("dcgm", "install")
def test_dcgm_and_its_exporter_become_a_pair(stage: Stage) -> None:
    stage.ask(gpu="GB10")
    stage.set(gpu=GPU, packages={"datacenter-gpu-manager": "1:3.3.9", "datacenter-gpu-manager-exporter": "4.8.2"})
    finding = stage.find("dcgm")
    assert finding.verdict == "warn"
    stage.set(packages={"datacenter-gpu-manager-exporter": "4.8.2"})  # the old core conflicts, so apt takes it away
    stage.heal("dcgm", "warn", "DCGM missing")


@heals("gpu_power", "limit")
def test_a_lowered_power_limit_is_lifted(stage: Stage) -> None:
    stage.set(gpu=GPU | {"enforced.power.limit": "150", "power.default_limit": "450"})
    stage.heal("gpu_power", "warn", "limited to 150 W of 450 W")


@heals("gpu_power", "power_cycle")
def test_a_unit_starved_of_power_is_taken_off_it(stage: Stage) -> None:
    stage.set(gpu=GPU | {"power.draw": "17.2", "clocks.sm": "630"}, after_power=GPU)
    stage.heal("gpu_power", "fail", "17.2 W at 96 % utilisation and 630 MHz")


@heals("cpu_fallback", "llama_cpp")
def test_llama_cpp_is_built_for_the_gpu(stage: Stage) -> None:
    from ansible_collections.local_llm.lab.plugins.module_utils.doctor import nvidia

    stage.ask(engine="llama_cpp")
    gpu = nvidia.parse_gpu(", ".join(GPU.get(field, "[N/A]") for field in nvidia.FIELDS))
    finding = nvidia.on_gpu(nvidia.NvidiaSeen(gpu, {}, 0, ("tiny",)), stage.host)
    assert finding.verdict == "fail"
    stage.run(finding.remedy)
    assert any(call[0] == "cmake" and "-DGGML_CUDA=ON" in call for call in stage.calls())


@heals("node_exporter", "apt")
@heals("node_exporter", "brew")
@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_node_exporter_is_installed(stage: Stage, system: str) -> None:
    port = free_port()
    stage.set(node_port=port)
    stage.ask(node_exporter_port=port)
    stage.be(system)
    stage.heal("node_exporter", "warn", "no node_exporter")


@heals("dcgm_exporter", "docker")
def test_dcgm_exporter_is_started(stage: Stage) -> None:
    stage.set(gpu=GPU)
    stage.ask(dcgm_exporter_port=free_port())
    stage.heal("dcgm_exporter", "warn", "no dcgm-exporter")


@heals("tunnels", "service")
@heals("tunnels", "service_darwin")
@heals("tunnels", "ssh")
@pytest.mark.parametrize(("system", "service"), [("Linux", "lab-gb10"), ("Darwin", "lab.gb10"), ("Linux", None)])
def test_a_tunnel_that_is_down_is_brought_up(stage: Stage, system: str, service: str | None) -> None:
    port = free_port()
    stage.set(tunnels={service: port} if service else {})
    stage.ask(tunnels=(Tunnel("gb10", port, service=service, destination="llm@gb10", remote_port=1234),))
    stage.be(system)
    stage.heal("tunnels", "fail", "nothing listens")


@heals("docker_vm_cap", "desktop")
def test_the_cap_of_dockers_virtual_machine_is_a_persons_to_raise(stage: Stage) -> None:
    stage.be("Darwin")
    settings = stage.home / "Library/Group Containers/group.com.docker/settings-store.json"
    profile = stage.home / ".minikube/profiles/dev/config.json"
    for file, text in ((settings, '{"MemoryMiB": 8092}'), (profile, '{"Driver": "docker", "Memory": 12288}')):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    finding = stage.find("docker_vm_cap")
    assert "at least 12800 MiB" in finding.remedy
    stage.heal("docker_vm_cap", "fail", "7.9 GiB, 12.0 GiB are needed (minikube dev)")
    assert settings.read_text() == '{"MemoryMiB": 8092}'
    assert {call[1] for call in stage.calls() if call[0] == "docker"} <= {"info", "ps"}


@heals("launch_agents", "daemon")
@pytest.mark.parametrize("label", ["tunnel", "ollama"])
def test_a_launch_agent_becomes_a_daemon(stage: Stage, label: str) -> None:
    stage.be("Darwin")
    (stage.root / "Library/LaunchDaemons").mkdir(parents=True)
    words = (
        ["/usr/bin/ssh", "-NT", "-L", "1:h:1", "gb10"] if label == "tunnel" else ["/opt/homebrew/bin/ollama", "serve"]
    )
    agent = stage.home / f"Library/LaunchAgents/lab.{label}.plist"
    agent.parent.mkdir(parents=True)
    agent.write_bytes(plistlib.dumps({"Label": f"lab.{label}", "ProgramArguments": words}))
    stage.heal("launch_agents", "fail" if label == "tunnel" else "warn", str(agent))
    (daemon,) = host_programs.load()["daemons"].values()
    assert daemon == {"Label": f"lab.{label}", "ProgramArguments": words, "UserName": "home"}
    assert not os.path.exists(agent)

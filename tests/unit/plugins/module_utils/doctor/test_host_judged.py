# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of a host's memory, GPU, sockets and services."""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.doctor import (
    CHECKS,
    SUBJECTS,
    Check,
    Finding,
    Host,
    Look,
    docker_vm,
    downloads,
    examine,
    last_line,
    launch_agents,
    listeners,
    memory_checks,
    nvidia,
    worst,
)
from ansible_collections.local_llm.lab.plugins.module_utils.doctor.subject import Subject
from ansible_collections.local_llm.lab.plugins.module_utils.engines import ENGINES
from ansible_collections.local_llm.lab.plugins.module_utils.memory import Reading, claims

GIB = 1024**3
HOST = Host("ollama", "http://127.0.0.1:11434")
BYTES = st.integers(0, 512 * GIB)
PORTS = st.integers(1, 65535)
GPU = nvidia.Gpu("NVIDIA GB10", "580.142", busy_percent=96, watts=70, clock_mhz=2400)


def reading(
    available: int = 60 * GIB, swap_total: int = 8 * GIB, swap_free: int | None = None, **more: object
) -> Reading:
    free = swap_total if swap_free is None else swap_free
    return Reading(64 * GIB, available, available, GIB, swap_total, free, **more)  # type: ignore[arg-type]


@given(BYTES, BYTES)
def test_the_floor_is_what_the_keeper_keeps(available: int, floor: int) -> None:
    seen = memory_checks.MemorySeen(reading(available))
    verdict = memory_checks.floor(seen, replace(HOST, floor_bytes=floor)).verdict
    assert verdict == ("fail" if available < floor else "ok")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_engine_has_a_remedy_for_a_host_below_its_floor(engine: str) -> None:
    host = replace(HOST, engine=engine, floor_bytes=8 * GIB)
    seen = memory_checks.MemorySeen(reading(GIB, psi_full_avg10=42.0))
    part = downloads.DownloadsSeen((downloads.Partial("/m/a.part", 1.0),), "somebody")
    findings = (memory_checks.floor(seen, host), memory_checks.pressure(seen, host), downloads.download(part, host))
    assert [one.verdict for one in findings] == ["fail", "warn", "fail"]
    assert all(one.remedy for one in findings)


def test_a_judge_that_breaks_hides_nothing(tmp_path: Path) -> None:
    def breaks(_seen: None, _host: Host) -> Finding:
        raise KeyError("abacus")

    def judges(_seen: None, _host: Host) -> Finding:
        return Finding("b", "ok", "looked at")

    subject = Subject(lambda _look, _host: None, ((Check("a", ""), breaks), (Check("b", ""), judges)))
    assert list(subject.examine(Look(tmp_path, tmp_path, "Linux"), HOST)) == [
        Finding("a", "unknown", "KeyError: 'abacus'"),
        Finding("b", "ok", "looked at"),
    ]


@given(BYTES, BYTES)
def test_swap_is_small_and_not_in_use(total: int, free: int) -> None:
    free = min(free, total)
    finding = memory_checks.swap(memory_checks.MemorySeen(reading(swap_total=total, swap_free=free)), HOST)
    fine = 0 < total <= 16 * GIB and total - free <= GIB // 2
    assert finding.verdict == ("ok" if fine else "warn") and bool(finding.remedy) != fine


@pytest.mark.parametrize(
    ("gpu", "huge", "verdict"),
    [("GB10", GIB, "warn"), ("GB10", 9 * GIB, "ok"), ("GB10", None, "unknown"), ("A4", 0, "ok")],
)
def test_large_blocks_matter_where_the_gpu_takes_its_memory_from_them(gpu: str, huge: int | None, verdict: str) -> None:
    seen = memory_checks.MemorySeen(reading(huge_block_free_bytes=huge))
    assert memory_checks.huge_blocks(seen, replace(HOST, gpu=gpu)).verdict == verdict


@given(st.lists(st.tuples(st.ip_addresses(), PORTS), max_size=8), st.sampled_from(["0A", "01", "06"]))
def test_the_kernels_table_is_read_back(sockets: list[tuple[ipaddress.IPv4Address, int]], state: str) -> None:
    rows = "".join(
        f"   {at}: {hexed(address)}:{port:04X} {hexed(address)}:0000 {state} 00000000:00000000 00:0 0 0 0 1\n"
        for at, (address, port) in enumerate(sockets)
    )
    found = list(listeners.parse_proc_net("  sl  local_address rem_address   st\n" + rows))
    assert found == ([listeners.Listener(str(one), port) for one, port in sockets] if state == "0A" else [])


def hexed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    packed = address.packed
    return "".join(f"{int.from_bytes(packed[at : at + 4], sys.byteorder):08X}" for at in range(0, len(packed), 4))


@given(st.text())
def test_no_text_breaks_a_parser(text: str) -> None:
    list(listeners.parse_proc_net(text))
    list(listeners.parse_lsof(text))
    nvidia.parse_gpu(text)
    nvidia.parse_packages(text)
    memory_checks.parse_swaps(text)


def test_lsofs_names_are_addresses() -> None:
    found = list(
        listeners.parse_lsof("p1\nf3\nn*:11434\nn127.0.0.1:1234\nn[::1]:8137\nn[fe80::1%lo0]:80\nnlocalhost->x\n")
    )
    assert [(one.address, one.port, one.public) for one in found] == [
        ("0.0.0.0", 11434, True), ("127.0.0.1", 1234, False), ("::1", 8137, False), ("fe80::1", 80, True),
    ]  # fmt: skip


@given(st.ip_addresses(), PORTS)
def test_only_an_engines_port_on_a_public_address_is_a_fault(address: ipaddress.IPv4Address, port: int) -> None:
    listener = listeners.Listener(str(address), port)
    finding = listeners.public_address((listener,), HOST)
    assert (finding.verdict == "fail") == (listener.public and port in (1234, 11434))
    assert listeners.public_address(None, HOST).verdict == "unknown"


@given(st.floats(0, 300), st.booleans(), st.booleans())
def test_a_download_is_a_fault_while_somebody_holds_the_host(age: float, held: bool, seen_writer: bool) -> None:
    part = downloads.Partial("/m/a.part", age, (17,) if seen_writer else ())
    finding = downloads.download(downloads.DownloadsSeen((part,), "somebody" if held else None), HOST)
    assert finding.verdict == ("fail" if held and age <= 60 else "ok")
    if finding.verdict == "fail":
        assert finding.remedy == ("kill 17" if seen_writer else "sudo systemctl restart ollama")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "ok"),
        ({"busy_percent": 5.0, "watts": 4.0, "clock_mhz": 300.0}, "ok"),
        ({"watts": 17.0, "clock_mhz": 630.0}, "fail"),
        ({"watts": 28.0}, "ok"),  # a small model's decode is bound by the memory, at full clock
        ({"watts": None}, "unknown"),
        (
            {"limit_watts": 450.0, "default_watts": 450.0, "watts": 90.0, "clock_mhz": 600.0, "max_clock_mhz": 3000.0},
            "fail",
        ),
        ({"limit_watts": 200.0, "default_watts": 450.0}, "warn"),
    ],
)
def test_power_is_judged_under_load(change: dict[str, float | None], verdict: str) -> None:
    assert nvidia.power(nvidia.NvidiaSeen(replace(GPU, **change), {}), HOST).verdict == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("packages", "verdict"),
    [
        ({}, "ok"),
        ({"datacenter-gpu-manager-4-core": "1:4.5.3", "datacenter-gpu-manager-exporter": "4.8.2"}, "ok"),
        ({"datacenter-gpu-manager": "1:3.3.9", "datacenter-gpu-manager-exporter": "4.8.2"}, "warn"),
        ({"datacenter-gpu-manager": "1:3.3.9"}, "warn"),
        ({"datacenter-gpu-manager-exporter": "4.8.2"}, "warn"),
    ],
)
def test_dcgm_and_its_exporter_are_a_pair(packages: dict[str, str], verdict: str) -> None:
    assert nvidia.dcgm(nvidia.NvidiaSeen(GPU, packages), replace(HOST, gpu="GB10")).verdict == verdict


def test_a_gpu_that_should_be_there_and_is_not() -> None:
    seen = nvidia.NvidiaSeen(None, {})
    assert [nvidia.driver(seen, replace(HOST, gpu=gpu)).verdict for gpu in ("none", "GB10")] == ["ok", "warn"]
    assert nvidia.driver(seen, replace(HOST, gpu="M3 Max", system="Darwin")).verdict == "ok"


@given(st.integers(0, 64), st.lists(st.integers(0, 32), max_size=3), st.integers(0, 64))
def test_a_cap_below_the_need_is_a_fault(cap: int, clusters: list[int], told: int) -> None:
    seen = docker_vm.DockerSeen(
        claims.Docker(True, True, cap * GIB),
        tuple(claims.Cluster(str(at), "minikube", "docker", size * GIB) for at, size in enumerate(clusters)),
    )
    finding = docker_vm.vm_cap(seen, replace(HOST, cluster_bytes=told * GIB))
    assert finding.verdict == ("fail" if cap < max(told, sum(clusters)) else "ok")


@pytest.mark.parametrize(
    ("words", "runs"),
    [
        (["/usr/bin/ssh", "-NT", "-L", "1:h:1", "gb10"], "tunnel"),
        (["/bin/sh", "-c", "exec ssh -N -L 1:h:1 gb10"], "tunnel"),
        (["/opt/homebrew/bin/autossh", "-M", "0", "gb10"], "tunnel"),
        (["/opt/homebrew/bin/ollama", "serve"], "ollama"),
        (["/usr/bin/ssh", "gb10", "uptime"], None),
        (["/usr/bin/ssh-agent", "-l"], None),
        ([], None),
    ],
)
def test_what_a_launch_agent_runs(words: list[str], runs: str | None) -> None:
    assert launch_agents.what_runs({"Label": "x", "ProgramArguments": words}) == runs


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (None, "warn"),
        (("earlyoom",), "warn"),
        (("earlyoom", "--prefer", "^(llama-server|ollama)$"), "ok"),
        (("earlyoom", "--prefer=^ollama$"), "warn"),
        (("earlyoom", "--prefer", "("), "warn"),
    ],
)
def test_earlyoom_is_told_the_engines_processes(words: tuple[str, ...] | None, verdict: str) -> None:
    assert last_line.oom_guard(last_line.LastLineSeen(words, ("llama-server", "ollama")), HOST).verdict == verdict


def test_a_strange_host_still_gets_every_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("root")
    host = replace(HOST, engine="abacus")
    findings = examine(Look(root, root, "Plan9"), host)
    assert [one.check for one in findings] == [check.name for check in CHECKS]
    assert all(one.evidence for one in findings)
    assert all(bool(one.remedy) == (one.verdict in ("warn", "fail")) for one in findings)
    cloud = examine(Look(root, root, "Linux"), replace(host, tier="cloud"))
    assert 0 < len(cloud) < len(findings) and len(SUBJECTS) < len(CHECKS)


@given(st.lists(st.sampled_from(["ok", "unknown", "warn", "fail"])))
def test_the_worst_counts(verdicts: list[str]) -> None:
    order = ["fail", "warn", "unknown", "ok"]
    assert worst(verdicts) == next((one for one in order if one in verdicts), "ok")


def test_values_in_a_remedy_are_one_word_for_the_shell() -> None:
    import shlex

    for check in CHECKS:
        for name, template in check.remedies.items():
            fields = {
                field for field in ("pid", "file", "folder", "path", "unit", "pattern") if f"{{{field}}}" in template
            }
            if fields and set(_fields(template)) == fields:
                assert "a b;c" in shlex.split(check.command(name, **dict.fromkeys(fields, "a b;c")), comments=True)


def _fields(template: str) -> list[str]:
    import string

    return [name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name]


def test_a_finding_is_plain_data() -> None:
    assert Finding("swap", "ok", "none").as_dict() == {
        "check": "swap",
        "verdict": "ok",
        "evidence": "none",
        "remedy": "",
    }

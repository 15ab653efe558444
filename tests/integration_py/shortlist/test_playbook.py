# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortlist over real hosts, real GGUF headers and a real measurement, as docs/shortlist.md shows it."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import UNCALIBRATED_OVERHEAD_BYTES
from ansible_collections.local_llm.lab.plugins.module_utils.keeper.client import Terms, hold, release
from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Store

from ..store.conftest import Lab
from .conftest import SHA256, Folder

MIB = 1024**2

# Whole playbooks, several times on a busy machine.
pytestmark = pytest.mark.timeout(400)

SCRIPT = "scripts/lab shortlist --context 2048"


def test_looked_at_then_written_then_everything_is_known(folder: Folder) -> None:
    looked = folder.run(f"{SCRIPT} --check")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert not folder.home.exists(), "check mode writes nothing"
    assert looked.stdout.startswith("shortlist for 2048 tokens of context, 1 slot, f16 KV\napi: start with far")
    assert "\nembedded: start with local" in looked.stdout

    done = folder.run(SCRIPT)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = folder.rows()
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "local": "fits",
        "web": "fits",
        "other": "unknown",  # the file on the web is not as large as the catalog says
        "huge": "does_not_fit",
        "far": "fits",
    }
    assert [row["host"] for row in rows.values()] == ["api"] + ["embedded"] * 4
    assert rows["local"]["kv_bytes"] == rows["web"]["kv_bytes"] > 0
    assert rows["local"]["predicted_tokens_per_second"] > 0
    assert rows["local"]["largest_context_tokens"] == 4096, "what the tiny model was made for"
    page = (folder.home / "reports" / "shortlist" / "shortlist.md").read_text()
    assert page.startswith("# Shortlist") and "more than the" in page and "far-2026-01-01" in page

    bandwidth = folder.home / "hosts" / "embedded" / "bandwidth.json"
    measured = bandwidth.read_text()
    folder.local.unlink()
    read = folder.server.ranges[:]
    again = folder.run(SCRIPT)
    assert again.returncode == 0, again.stdout + again.stderr
    assert bandwidth.read_text() == measured, "measured once"
    assert (folder.home / "shapes" / f"{SHA256}.json").is_file()
    assert folder.rows()["local"]["verdict"] == folder.rows()["web"]["verdict"] == "fits", "read once"
    assert len(folder.server.ranges) - len(read) <= len(read) // 2, "only the unknown one is asked for again"


def test_the_overhead_is_what_sweeps_measured_there(folder: Folder) -> None:
    known = folder.hosts["embedded"] | {"lab_memory_bandwidth_bytes_per_second": 10**9}
    folder.hosts = {"box": known, "new": known, "told": known | {"lab_overhead_bytes": 7}}
    folder.write()
    with Store(f"sqlite:///{folder.home}/store.sqlite") as store:
        swept = Lab(store)
        swept.plan()
        store.add_load(
            swept.id, host="box", model="tiny", load_digest="d", load={}, load_seconds=1,
            predicted_bytes=300 * MIB, overhead_bytes=256 * MIB, resident_bytes=84 * MIB, available_bytes=None,
        )  # fmt: skip
    done = folder.run("ansible-playbook local_llm.lab.shortlist -l box,new,told -e shortlist_context_tokens=2048")
    assert done.returncode == 0, done.stdout + done.stderr
    overheads = {host["name"]: host["overhead_bytes"] for host in folder.report()["hosts"]}
    assert overheads == {"box": 40 * MIB, "new": UNCALIBRATED_OVERHEAD_BYTES, "told": 7}

    done = folder.run("ansible-playbook local_llm.lab.shortlist -l box -e lab_store_url=nonsense --check")
    assert done.returncode == 2 and "The store URL is not one" in done.stdout + done.stderr


def test_a_held_host_is_not_measured_and_the_inventory_s_bandwidth_needs_no_measuring(folder: Folder) -> None:
    folder.hosts["slow"] = folder.hosts["embedded"] | {"lab_memory_bandwidth_bytes_per_second": 100_000}
    folder.write()
    options = {"python": sys.executable, "state_dir": str(folder.path / "engine")}
    terms = Terms("nightly of gb10", 600, 0, "llama_cpp", "http://127.0.0.1:9", options)
    hold(str(folder.keeper_dir), terms)
    try:
        done = folder.run("ansible-playbook local_llm.lab.shortlist -l embedded,slow -e shortlist_context_tokens=2048")
    finally:
        release(str(folder.keeper_dir), terms.owner)
    assert done.returncode == 0, done.stdout + done.stderr
    held, slow = (folder.rows(name)["local"] for name in ("embedded", "slow"))
    assert held["verdict"] == "fits" and held["predicted_tokens_per_second"] is None
    assert slow["verdict"] == "too_slow" and "less than 1 token/s on this host" in slow["why"]
    sources = {host["name"]: host["bandwidth_from"] for host in folder.report()["hosts"]}
    assert sources == {"embedded": "not measured, the host is held by nightly of gb10", "slow": "from the inventory"}
    assert not (folder.home / "hosts").exists()


def test_a_wrong_catalog_is_named_with_its_line(folder: Folder) -> None:
    catalog = folder.path / "inventory" / "catalog.yml"
    catalog.write_text(catalog.read_text().replace("sha256:", "sha265:", 1))
    done = folder.run(f"{SCRIPT} -l embedded")
    assert done.returncode == 2 and f"{catalog}:" in done.stdout and "has no 'sha256'" in done.stdout

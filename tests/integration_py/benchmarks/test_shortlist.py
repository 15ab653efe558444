# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shortlist of 500 models on 20 hosts takes less than 2 s of a processor; wall time is the benchmark's to tell."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.local_llm.lab.tests.benchmarks import shortlist


def test_a_large_catalog_on_many_hosts_is_listed_in_less_than_two_seconds(tmp_path: Path) -> None:
    measured = shortlist.measure(tmp_path)
    assert measured["rows"] == shortlist.MODELS * shortlist.HOSTS
    assert measured["catalog_500x20_cpu_s"] < 2

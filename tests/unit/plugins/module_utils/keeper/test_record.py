# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keeper remembers of a term."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.keeper.record import Record
from ansible_collections.local_llm.lab.plugins.module_utils.memory import Reading
from ansible_collections.local_llm.lab.plugins.module_utils.power import Energy

BYTES = st.integers(0, 1 << 45)
PERCENT = st.one_of(st.none(), st.floats(0, 100))
READINGS = st.builds(
    Reading, *[BYTES] * 6, st.one_of(st.none(), BYTES), PERCENT, PERCENT, st.one_of(st.none(), st.integers(0, 100))
)


@given(st.lists(READINGS, min_size=1))
def test_the_worst_of_each_is_kept_and_what_is_not_told_stays_unknown(readings: list[Reading]) -> None:
    record = Record()
    for reading in readings:
        record.add(reading)
    blocks = [one.huge_block_free_bytes for one in readings if one.huge_block_free_bytes is not None]
    some = [one.psi_some_avg10 for one in readings if one.psi_some_avg10 is not None]
    full = [one.psi_full_avg10 for one in readings if one.psi_full_avg10 is not None]
    assert record.as_dict() == {
        "lowest_available_bytes": min(one.available_bytes for one in readings),
        "lowest_huge_block_free_bytes": min(blocks, default=None),
        "highest_psi_some_avg10": max(some, default=None),
        "highest_psi_full_avg10": max(full, default=None),
        "energy_joules": None,
        "energy_from": None,
    }


def test_a_term_in_which_nothing_was_seen_says_so() -> None:
    assert set(Record().as_dict().values()) == {None}


def test_energy_is_said_with_where_it_is_from() -> None:
    record, energy = Record(), Energy()
    record.took(energy)
    assert (record.energy_joules, record.energy_from) == (None, None)
    energy.add(1.5, "nvidia_smi")
    energy.add(None, "inventory")
    energy.add(2.0, "rapl")
    record.took(energy)
    assert (record.energy_joules, record.energy_from) == (3.5, "rapl+nvidia_smi")

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every model and host: the arithmetic of a row, and that more memory never makes it worse."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.gguf import (
    Layer,
    Shape,
    fixed_bytes,
    kv_bytes,
    predicted_bytes,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist import Asked, Candidate, Host, Verdict
from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist.rows import Row, build_row
from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist.sizes import (
    CONTEXT_STEP_TOKENS,
    UNKNOWN_TRAIN_CONTEXT_TOKENS,
    Sizes,
)

GIB = 1024**3
LAYERS = st.builds(
    Layer,
    kv_heads=st.integers(0, 32),
    key_length=st.integers(0, 576),
    value_length=st.integers(0, 512),
    window_tokens=st.none() | st.integers(1, 8192),
    state_bytes=st.integers(0, 1 << 20),
)
SHAPES = st.builds(
    Shape,
    architecture=st.just("any"),
    total_parameters=st.integers(1, 10**12),
    active_parameters=st.integers(1, 10**12),
    weight_bytes=st.integers(1, 200 * GIB),
    active_weight_bytes=st.integers(1, 200 * GIB),
    train_context_tokens=st.integers(0, 300_000),
    layers=st.lists(LAYERS, min_size=1, max_size=6).map(tuple),
    vocabulary=st.integers(0, 300_000),
)
HOSTS = st.builds(
    Host,
    name=st.just("any"),
    usable_bytes=st.integers(0, 256 * GIB),
    reserve_bytes=st.integers(0, 16 * GIB),
    overhead_bytes=st.integers(0, 4 * GIB),
    memory_bandwidth_bytes_per_second=st.none() | st.floats(1e6, 1e13),
    bandwidth_is_lower_bound=st.booleans(),
    disk_read_bytes_per_second=st.none() | st.floats(1e6, 1e11),
)
ASKED = st.builds(
    Asked,
    context_tokens=st.integers(1, 300_000),
    parallel=st.integers(1, 4),
    kv_type=st.sampled_from(["f16", "q8_0", "q4_0"]),
    bandwidth_efficiency=st.floats(0.1, 1),
)


def built(shape: Shape, host: Host, asked: Asked) -> Row:
    row = build_row(Candidate("any", shape), Sizes(shape, asked), host, asked)
    assert row is not None and row.predicted_bytes is not None and row.largest_context_tokens is not None
    return row


@given(SHAPES, HOSTS, ASKED)
def test_a_row_s_numbers_are_those_of_sizing_and_add_up(shape: Shape, host: Host, asked: Asked) -> None:
    row = built(shape, host, asked)
    load = (asked.context_tokens, asked.parallel, asked.kv_type)
    assert row.kv_bytes == kv_bytes(shape, *load)
    assert row.predicted_bytes == predicted_bytes(shape, *load, host.overhead_bytes)

    parts = (row.weight_bytes, row.vocabulary_bytes, row.kv_bytes, row.overhead_bytes)
    assert row.predicted_bytes == sum(part or 0 for part in parts)
    room_bytes = (host.usable_bytes or 0) - host.reserve_bytes
    trained = not shape.train_context_tokens or asked.context_tokens <= shape.train_context_tokens
    fits = (row.predicted_bytes or 0) <= room_bytes and trained
    assert fits == (row.verdict in (Verdict.FITS, Verdict.TOO_SLOW))
    speed = row.predicted_tokens_per_second
    assert (speed is None) == (host.memory_bandwidth_bytes_per_second is None)
    if row.verdict is Verdict.TOO_SLOW:
        assert speed is not None and speed <= asked.slowest_tokens_per_second and not host.bandwidth_is_lower_bound
    if speed is not None and host.memory_bandwidth_bytes_per_second is not None:
        ideal = host.memory_bandwidth_bytes_per_second / (row.bytes_per_token or 1)
        assert abs(speed - ideal * asked.bandwidth_efficiency) <= 0.005 + 1e-9 * ideal
        assert (row.bytes_per_token or 0) >= shape.active_weight_bytes
    if host.disk_read_bytes_per_second:
        assert row.predicted_load_seconds == round(shape.weight_bytes / host.disk_read_bytes_per_second, 1)


@given(SHAPES, HOSTS, ASKED)
def test_the_largest_context_fits_and_the_next_one_does_not(shape: Shape, host: Host, asked: Asked) -> None:
    row = built(shape, host, asked)
    largest = row.largest_context_tokens or 0
    room_bytes = (host.usable_bytes or 0) - host.reserve_bytes - host.overhead_bytes - fixed_bytes(shape)

    def fits(context_tokens: int) -> bool:
        return kv_bytes(shape, context_tokens, asked.parallel, asked.kv_type) <= room_bytes

    assert not largest or fits(largest)
    longest = shape.train_context_tokens or UNKNOWN_TRAIN_CONTEXT_TOKENS
    assert largest <= longest
    assert largest == longest or not fits(min(longest, largest + CONTEXT_STEP_TOKENS))
    if row.verdict in (Verdict.FITS, Verdict.TOO_SLOW):
        assert largest >= asked.context_tokens


@given(SHAPES, HOSTS, ASKED, st.integers(0, 256 * GIB))
@settings(max_examples=200)
def test_more_memory_never_makes_it_worse(shape: Shape, host: Host, asked: Asked, more_bytes: int) -> None:
    before = built(shape, host, asked)
    larger = dataclasses.replace(host, usable_bytes=(host.usable_bytes or 0) + more_bytes)
    after = built(shape, larger, asked)
    assert (after.largest_context_tokens or 0) >= (before.largest_context_tokens or 0)
    assert before.verdict is Verdict.DOES_NOT_FIT or after.verdict is before.verdict
    assert after.predicted_bytes == before.predicted_bytes
    assert after.predicted_tokens_per_second == before.predicted_tokens_per_second

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortlist: what is tried first, what is not worth it, and the sentence with the numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist import (
    Asked,
    Row,
    Shortlist,
    ShortlistError,
    Verdict,
    shortlist,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.shortlist.pages import markdown, terminal_lines

GIB = 1024**3
GB10 = {
    "name": "gb10",
    "usable_bytes": 110 * GIB,
    "reserve_bytes": 8 * GIB,
    "overhead_bytes": GIB,
    "memory_bandwidth_bytes_per_second": 273e9,
    "bandwidth_from": "inventory",
    "disk_read_bytes_per_second": 5e9,
}
MAC = GB10 | {
    "name": "mac",
    "usable_bytes": 24 * GIB,
    "bandwidth_is_lower_bound": True,
    "disk_read_bytes_per_second": None,
}


def model(name: str, weights: float, active: float | None = None, **shape: Any) -> dict[str, Any]:
    """A GGUF of so many GB, one byte per parameter; as wide as a Llama of 80 layers unless `shape` says otherwise."""
    weight_bytes, active_bytes = int(weights * 1e9), int((active or weights) * 1e9)
    return {
        "name": name,
        "shape": {
            "architecture": "llama",
            "total_parameters": weight_bytes,
            "active_parameters": active_bytes,
            "weight_bytes": weight_bytes,
            "active_weight_bytes": active_bytes,
            "train_context_tokens": 131072,
            "layers": [{"count": 80, "kv_heads": 8, "key_length": 128, "value_length": 128}],
        }
        | shape,
    }


DENSE_70B, MOE, SMALL, HUGE = model("dense-70b", 70), model("moe", 60, 5), model("small", 8), model("huge", 200, 20)
CATALOG = [SMALL, DENSE_70B, HUGE, MOE, {"name": "new", "total_parameters": 30_000_000_000}]


def made(models: list[dict[str, Any]], *hosts: dict[str, Any], **asked: Any) -> Shortlist:
    return shortlist(models, hosts, Asked.from_dict({"context_tokens": 32768} | asked))


def row(models: dict[str, Any], host: dict[str, Any] | None = None, **asked: Any) -> Row:
    (only,) = made([models], host or GB10, **asked).rows
    return only


def test_what_fits_comes_first_and_within_it_the_most_active_parameters() -> None:
    rows = made(CATALOG, GB10).rows
    assert [(one.model, one.verdict) for one in rows] == [
        ("small", Verdict.FITS),
        ("moe", Verdict.FITS),
        ("dense-70b", Verdict.TOO_SLOW),
        ("huge", Verdict.DOES_NOT_FIT),
        ("new", Verdict.UNKNOWN),
    ]


def test_a_dense_70b_fits_a_gb10_and_is_too_slow_for_it() -> None:
    dense = row(DENSE_70B)
    assert dense.why == "dense 70 B: 2–3 tokens/s on this host (70.2 GiB read per token), below the 5 asked"
    assert dense.predicted_load_seconds == 14


def test_what_does_not_fit_says_what_is_missing_and_what_would_fit() -> None:
    tight = row(SMALL, GB10 | {"usable_bytes": 24 * GIB})
    assert tight.verdict is Verdict.DOES_NOT_FIT and tight.largest_context_tokens == 24576
    assert tight.why == (
        "7.5 GiB weights + 10.0 GiB KV (32768 tokens of context, 1 slot, f16 KV) + 1.0 GiB overhead + 8.0 GiB reserve "
        "= 26.5 GiB, 2.5 GiB more than the 24.0 GiB usable; at most 24576 tokens fit"
    )
    assert row(SMALL, GB10 | {"usable_bytes": 24 * GIB}, kv_type="q8_0").verdict is Verdict.FITS
    assert row(HUGE).why.endswith("no context fits")


def test_the_vocabulary_s_share_is_named_where_the_shape_tells_it() -> None:
    large = row(model("large", 8, vocabulary=262_144))
    assert large.why.startswith("7.5 GiB weights + 102 MiB vocabulary + 10.0 GiB KV (")
    assert large.vocabulary_bytes == 262_144 * 410


@pytest.mark.parametrize(
    ("written", "bound"), [("false", False), ("no", False), ("True", True), (1, True), (None, False)]
)
def test_a_boolean_may_be_a_text(written: object, bound: bool) -> None:
    assert row(SMALL, GB10 | {"bandwidth_is_lower_bound": written}).speed_is_lower_bound is bound


def test_a_context_the_model_was_not_trained_for_does_not_fit() -> None:
    short = row(model("short", 1, train_context_tokens=8192))
    assert short.verdict is Verdict.DOES_NOT_FIT and "trained for 8192 tokens" in short.why
    assert short.largest_context_tokens == 8192


def test_a_lower_bound_of_the_bandwidth_rules_nothing_out() -> None:
    slow = row(DENSE_70B, GB10 | {"bandwidth_is_lower_bound": True})
    assert slow.verdict is Verdict.FITS and slow.speed_is_lower_bound
    assert "may be slow: at least 2 tokens/s" in slow.why


def test_without_a_bandwidth_no_speed_is_made_up() -> None:
    unknown = row(DENSE_70B, GB10 | {"memory_bandwidth_bytes_per_second": None, "bandwidth_from": "held by a sweep"})
    assert unknown.verdict is Verdict.FITS and unknown.predicted_tokens_per_second is None
    page = markdown(made([DENSE_70B], GB10 | {"memory_bandwidth_bytes_per_second": 0, "bandwidth_from": "held by x"}))
    assert "No tokens/s: held by x" in page


def test_a_cloud_s_models_are_listed_on_a_cloud_host_only_with_their_price() -> None:
    price = {"from": "2026-01-01", "prompt_per_million": 3, "generated_per_million": 15, "currency": "USD"}
    far = {"name": "far", "cloud": {"id": "far-2026-01-01", "context_tokens": 200_000, "prices": [price]}}
    cloud = {"name": "api", "tier": "cloud"}
    rows = made([SMALL, far], GB10, cloud, day="2026-02-01").rows
    assert [(one.host, one.model) for one in rows] == [("gb10", "small"), ("api", "far")]
    assert rows[1].price == price | {"cached_per_million": 3, "reasoning_per_million": 15} and "15 USD" in rows[1].why
    assert "no price for 2025-12-31" in made([far], cloud, day="2025-12-31").rows[0].why
    assert made([far], cloud, context_tokens=300_000).rows[0].verdict is Verdict.DOES_NOT_FIT


def test_the_page_begins_with_the_decision_and_says_that_it_predicts() -> None:
    page = markdown(made([*CATALOG, model("a|b", 1)], GB10, MAC))
    assert page.index("**gb10**: start with small (dense 8 B, 12 tokens/s); 3 models of 6 fit") < page.index(
        "predicted"
    )
    assert page.index("predicted") < page.index("## gb10") < page.index("### Does not fit")
    assert "273 GB/s (inventory), of which 60 %" in page and "a lower bound" in page
    assert "| a\\|b |" in page
    assert not [line for line in page.splitlines() if line.startswith("|") and line.replace("\\|", "").count("|") != 9]


def test_the_terminal_shows_a_few_rows_of_each_kind() -> None:
    many = [model(f"m{number:02}", 1 + number / 100) for number in range(30)]
    lines = terminal_lines(made(many, GB10))
    assert len(lines) == 13 and lines[1].startswith("gb10: start with m29 (") and "20 more: fits" in lines[-1]
    assert terminal_lines(made([HUGE], GB10))[1] == "gb10: nothing fits and is fast enough"
    assert terminal_lines(made([CATALOG[-1]], GB10))[1].endswith("; 1 model not known")


def test_the_whole_is_plain_data() -> None:
    plain = json.loads(json.dumps(made(CATALOG, GB10, MAC, day="2026-11-24").as_dict()))
    assert plain["asked"]["context_tokens"] == 32768 and plain["asked"]["day"] == "2026-11-24"
    assert plain["hosts"][0]["counts"] == {"fits": 2, "too_slow": 1, "does_not_fit": 1, "unknown": 1}
    assert {one["verdict"] for one in plain["rows"]} == {verdict.value for verdict in Verdict}


@pytest.mark.parametrize(
    "host, says",
    [
        ({"usable_bytes": 1}, "no name"),
        ({"name": "h"}, "The host h does not say what is usable"),
        ({"name": "h", "usable_bytes": "lots"}, "usable_bytes = 'lots'"),
        ({"name": "h", "usable_bytes": -1}, "usable_bytes = -1"),
        ({"name": "h", "usable_bytes": 1, "memory_bandwidth_bytes_per_second": float("nan")}, "= nan"),
        ({"name": "h", "usable_bytes": 1, "bandwidth_is_lower_bound": "perhaps"}, "lower_bound = 'perhaps'"),
        ({"name": "h", "usable_bytes": 1, "bandwith": 3}, "unknown key 'bandwith'"),
    ],
)
def test_a_host_that_cannot_be_read_is_named(host: dict[str, Any], says: str) -> None:
    with pytest.raises(ShortlistError, match="Remedy") as failure:
        made([SMALL], host)
    assert says in str(failure.value)


@pytest.mark.parametrize(
    "entry, says",
    [
        ({"shape": {}}, "no name"),
        ({"name": "m", "shape": {"layers": []}}, "The model m has a shape that cannot be read"),
        ({"name": "m", "shape": "llama"}, "The model m has a shape"),
        ({"name": "m", "cloud": {"id": "x"}}, "The model m has a cloud"),
    ],
)
def test_a_model_that_cannot_be_read_is_named(entry: dict[str, Any], says: str) -> None:
    with pytest.raises(ShortlistError) as failure:
        made([entry], GB10)
    assert says in str(failure.value)


@pytest.mark.parametrize(
    "asked",
    [
        {"context_tokens": 0},
        {"context_tokens": None},
        {"kv_type": "f17"},
        {"bandwidth_efficiency": 1.5},
        {"day": "tomorrow"},
        {"context": 1},
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ShortlistError, match="Remedy"):
        made([SMALL], GB10, **asked)


def test_numbers_from_a_playbook_may_be_texts() -> None:
    assert row(SMALL, GB10 | {"usable_bytes": str(110 * GIB)}, context_tokens="32768") == row(SMALL)

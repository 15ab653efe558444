# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged of an engine, whatever it says of itself."""

from __future__ import annotations

import itertools
import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.doctor import Host, engine, settings
from ansible_collections.local_llm.lab.plugins.module_utils.engines import Instance, Settings

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
ENGINES = st.sampled_from(["lm_studio", "ollama", "llama_cpp"])
MODELS = ("a", "b")


def host(name: str = "lm_studio", **expected: object) -> Host:
    return Host(name, "http://127.0.0.1:1234", **expected)  # type: ignore[arg-type]


@st.composite
def instances(draw: st.DrawFn) -> tuple[Instance, ...]:
    models = draw(st.lists(NAMES, max_size=5))
    windows = draw(st.lists(st.integers(1, 1 << 20), min_size=len(models), max_size=len(models)))
    return tuple(
        Instance(f"{model}:{at}", model, "", window, 1, None, None)
        for at, (model, window) in enumerate(zip(models, windows, strict=True))
    )


@given(ENGINES, instances())
def test_one_model_means_one(name: str, loaded: tuple[Instance, ...]) -> None:
    seen = engine.EngineSeen("x", instances=loaded)
    models = {one.model for one in loaded}
    assert engine.one_model(seen, host(name)).verdict == ("fail" if len(models) > 1 else "ok")
    assert engine.duplicates(seen, host(name)).verdict == ("fail" if len(models) < len(loaded) else "ok")


@given(instances())
def test_after_the_remedies_each_model_is_there_once_and_one_is_left(loaded: tuple[Instance, ...]) -> None:
    left = list(loaded)
    for judge in (engine.duplicates, engine.one_model):
        finding = judge(engine.EngineSeen("x", instances=tuple(left)), host())
        words = shlex.split(finding.remedy)
        gone = {json.loads(body)["instance_id"] for flag, body in itertools.pairwise(words) if flag == "-d"}
        left = [one for one in left if one.id not in gone]
    assert len(left) == min(1, len(loaded))


@given(st.integers(1, 1 << 20), st.integers(1, 1 << 20))
def test_a_window_is_as_asked_or_what_llama_cpp_rounds_it_to(asked: int, window: int) -> None:
    seen = engine.EngineSeen("x", instances=(Instance("a", "a", "", window, 1, None, None),))
    wrong = not asked <= window < asked + 256
    assert engine.context(seen, host(context_tokens=asked)).verdict == ("fail" if wrong else "ok")
    assert engine.context(seen, host()).verdict == "ok" and str(window) in engine.context(seen, host()).evidence


def test_a_window_is_asked_of_the_expected_model_only() -> None:
    seen = engine.EngineSeen("x", instances=(Instance("other", "other", "", 4096, 1, None, None),))
    assert engine.context(seen, host(model="mine", context_tokens=8192)).verdict == "ok"


@pytest.mark.parametrize("judge", [engine.build, engine.one_model, engine.duplicates, engine.context])
def test_nothing_is_known_of_an_engine_that_does_not_answer(judge: object) -> None:
    assert judge(engine.EngineSeen(None, why="refused"), host()).verdict == "unknown"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ("llmster v0.0.7-2, llama.cpp 2.28.2", "fail"),
        ("llmster v0.0.8, x", "fail"),
        ("llmster v0.0.12-1, x", "ok"),
        ("LM Studio, llama.cpp 10.0.0.7", "ok"),
        ("LM Studio, llama.cpp 0.0.71", "ok"),
    ],
)
def test_builds_that_are_known_to_be_broken(told: str, verdict: str) -> None:
    assert engine.build(engine.EngineSeen(told), host()).verdict == verdict


@given(st.sampled_from([None, True, False]), st.sampled_from([None, True, False]))
def test_evicting_matters_only_where_requests_load(jit: bool | None, evict: bool | None) -> None:
    seen = settings.SettingsSeen(Settings(jit_loading=jit, auto_evict=evict))
    assert settings.jit(seen, host()).verdict == {None: "unknown", True: "warn", False: "ok"}[jit]
    wanted = {None: "unknown", True: "ok" if jit is False else "warn", False: "ok"}[evict]
    assert settings.auto_evict(seen, host()).verdict == wanted
    assert {settings.jit(seen, host("ollama")).verdict, settings.auto_evict(seen, host("ollama")).verdict} == {"ok"}


KV_TYPES = st.sampled_from([None, "f16", "q8_0", "q4_0"])


@given(ENGINES, KV_TYPES, KV_TYPES, KV_TYPES)
def test_what_runs_is_believed_before_what_was_declared(
    name: str, running: str | None, declared: str | None, asked: str | None
) -> None:
    seen = settings.SettingsSeen(Settings(kv_type=declared), running_kv_type=running)
    finding = settings.kv_type(seen, host(name, kv_type=asked))
    real = running or (None if name == "ollama" else declared)
    if not asked or asked == real:
        assert finding.verdict == "ok"
    elif real is None or name == "lm_studio":
        assert finding.verdict == "unknown" and asked in finding.evidence
    else:
        assert finding.verdict == "fail" and real in finding.evidence and asked in finding.evidence

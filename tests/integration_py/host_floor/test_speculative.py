# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speculative decoding on the real llama.cpp: it drafts, what it takes is predicted, what it got right is counted."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils import gguf
from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, OptionUnsupported
from ansible_collections.local_llm.lab.plugins.module_utils.engines.placement import Placement, place
from ansible_collections.local_llm.lab.plugins.plugin_utils.chat import Client, Completion, Deadlines
from ansible_collections.local_llm.lab.tests.fakes.tiny_models import write_tiny_model
from ansible_collections.local_llm.lab.tests.fakes.tiny_mtp import write_tiny_mtp

MIB = 1024**2
# How far llama.cpp's own count, printed to the hundredth of a MiB for each cache, may be from ours.
PRINTED_BYTES = 0.01 * MIB
SHAPES = (gguf.shape_of, gguf.drafting_shape_of)


def placed(engine: Any, request: LoadRequest, check: bool = False) -> Placement:
    return place(engine, request, reserve_bytes=0, overhead_bytes=64 * MIB, timeout_seconds=120, check=check)


def said(engine: Any) -> Completion:
    with Client(engine.base_url, None, "tiny") as client:
        messages = [{"role": "user", "content": "hello there"}]
        deadlines = Deadlines(time.monotonic() + 120)
        return client.complete(messages, [], {"temperature": 0, "seed": 1}, 32, deadlines)


@pytest.fixture(scope="module")
def dense(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_model(tmp_path_factory.mktemp("dense") / "dense.gguf", "dense"))


@pytest.fixture(scope="module")
def mtp(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_mtp(tmp_path_factory.mktemp("mtp") / "mtp.gguf"))


def test_a_model_that_drafts_for_itself_is_always_right_and_says_the_same(llama_cpp: Any, dense: str) -> None:
    off = LoadRequest("tiny", dense, 1024, kv_type="q8_0")
    draft = replace(off, speculative="draft", draft_path=dense)
    before = placed(llama_cpp, off)
    plainly = said(llama_cpp)
    after = placed(llama_cpp, draft)
    drafted = said(llama_cpp)
    assert (plainly.draft_tokens, plainly.draft_accepted_tokens) == (0, 0)
    assert drafted.draft_tokens == drafted.draft_accepted_tokens > 0
    assert drafted.text == plainly.text

    assert before.instance and after.instance
    assert llama_cpp.serves(after.instance, draft) and not llama_cpp.serves(after.instance, off)
    assert not placed(llama_cpp, draft).changed
    shape = gguf.shape_of(gguf.read_model(dense))
    kv_bytes = gguf.kv_bytes(shape, 1024, 1, "q8_0")
    more_bytes = after.admission.predicted_bytes - before.admission.predicted_bytes
    assert more_bytes == gguf.fixed_bytes(shape) + kv_bytes, "another model and its KV cache"
    assert after.instance.kv_bytes == pytest.approx(2 * kv_bytes, abs=2 * PRINTED_BYTES)
    assert before.instance.kv_bytes == pytest.approx(kv_bytes, abs=PRINTED_BYTES)


def test_another_model_drafts_and_is_wrong_now_and_then(llama_cpp: Any, tiny_gguf: Path, dense: str) -> None:
    placed(llama_cpp, LoadRequest("tiny", str(tiny_gguf), 1024, speculative="draft", draft_path=dense))
    drafted = said(llama_cpp)
    assert drafted.draft_tokens > drafted.draft_accepted_tokens


def test_layers_that_predict_further_tokens_draft_and_their_cache_is_predicted(llama_cpp: Any, mtp: str) -> None:
    off = LoadRequest("tiny", mtp, 1024)
    with_mtp = replace(off, speculative="mtp")
    predicted = [placed(llama_cpp, one, check=True).admission.predicted_bytes for one in (off, with_mtp)]
    loaded = placed(llama_cpp, with_mtp)
    model = gguf.read_model(mtp)
    of_its_own, of_drafting = (gguf.kv_bytes(shape(model), 1024, 1, "f16") for shape in SHAPES)
    assert predicted[1] - predicted[0] == of_drafting > 0
    assert loaded.instance and loaded.instance.kv_bytes == pytest.approx(
        of_its_own + of_drafting, abs=2 * PRINTED_BYTES
    )
    assert said(llama_cpp).draft_tokens > 0


def test_a_model_without_such_layers_is_refused_before_anything_is_unloaded(llama_cpp: Any, dense: str) -> None:
    off = LoadRequest("tiny", dense, 1024)
    there = placed(llama_cpp, off).instance
    with pytest.raises(OptionUnsupported, match=r"no layers that predict further tokens \(MTP\)"):
        placed(llama_cpp, replace(off, speculative="mtp"))
    with pytest.raises(gguf.GgufError, match=r"There is no GGUF file /nowhere/draft\.gguf"):
        placed(llama_cpp, replace(off, speculative="draft", draft_path="/nowhere/draft.gguf"))
    assert llama_cpp.loaded() == [there]

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What LM Studio says of its models and settings, whatever it says."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.engines import (
    EngineError,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    connect,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines import lm_studio_home as home
from ansible_collections.local_llm.lab.plugins.module_utils.engines.lm_studio_models import (
    Listed,
    LoadedModel,
    find,
    read_models,
)
from ansible_collections.local_llm.lab.plugins.module_utils.engines.weights import files_of

URL = "http://127.0.0.1:1234"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def entry(key: str, **fields: Any) -> dict[str, Any]:
    return {"type": "llm", "key": key, "publisher": "org", "size_bytes": 7, "loaded_instances": [], **fields}


def test_the_documented_answer_is_read() -> None:
    config = {"context_length": 4096, "parallel": 4, "flash_attention": True, "num_experts": 8}
    answer = {"models": [entry("a", loaded_instances=[{"id": "a:2", "config": config}]), entry("b", size_bytes=None)]}
    assert read_models(answer) == [
        Listed("a", "org", 7, (LoadedModel("a:2", 4096, 4, True, 8),)),
        Listed("b", "org", None, ()),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"error": "Unexpected endpoint or method. (GET /api/v1/models)"},
        {"models": [{"key": "a"}]},
        {"models": [entry("a", loaded_instances=["a"])]},
        {"models": [entry("a", loaded_instances=[{"config": {}}])]},
    ],
)
def test_a_list_that_might_hide_a_loaded_model_is_refused(answer: Any) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        read_models(answer)


@given(
    json_values
    | st.fixed_dictionaries({"models": st.lists(json_values, max_size=3)})
    | st.fixed_dictionaries(
        {
            "models": st.lists(
                st.fixed_dictionaries(
                    {"key": json_values, "loaded_instances": json_values}, optional={"size_bytes": json_values}
                )
                | st.fixed_dictionaries(
                    {
                        "key": st.text(),
                        "loaded_instances": st.lists(st.fixed_dictionaries({"id": st.text(), "config": json_values})),
                    }
                ),
                max_size=3,
            )
        }
    )
)
def test_no_answer_breaks_the_reading(answer: Any) -> None:
    try:
        models = read_models(answer)
    except EngineError:
        return
    for name in ("x", ""):
        try:
            find(models, LoadRequest(name, "/nowhere/x.gguf", 1024))
        except LoadFailed:
            pass


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60) | st.just(b"[" * 5000)
)
def test_no_settings_file_breaks_the_reading(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".internal").mkdir(exist_ok=True)
    for name in (".internal/http-server-config.json", ".internal/backend-preferences-v1.json", "settings.json"):
        (tmp_path / name).write_bytes(content)
    told = connect("lm_studio", URL, {"home": str(tmp_path)}).settings()
    assert (told.parallel, told.kv_type) == (4, None)
    assert home.runtime(tmp_path) is None or "name" in content.decode()
    assert home.models_folder(tmp_path).is_absolute()


def test_settings_are_told_where_they_can_be_read(tmp_path: Path) -> None:
    options = {"home": str(tmp_path), "parallel": 2, "kv_type": "q8_0", "flash_attention": True}
    engine = connect("lm_studio", URL, options)
    nothing = engine.settings()
    assert (nothing.bind_address, nothing.jit_loading, nothing.auto_evict, nothing.default_context_tokens) == (
        None,
    ) * 4
    assert (nothing.parallel, nothing.kv_type, nothing.flash_attention) == (2, "q8_0", "on")
    (tmp_path / ".internal").mkdir()
    server = {"port": 1234, "networkInterface": "0.0.0.0", "justInTimeModelLoading": True}
    (tmp_path / ".internal/http-server-config.json").write_text(json.dumps(server))
    rest = {
        "developer": {"unloadPreviousJITModelOnLoad": False},
        "defaultContextLength": {"type": "custom", "value": 8192},
    }
    (tmp_path / "settings.json").write_text(json.dumps(rest))
    told = engine.settings()
    assert (told.bind_address, told.jit_loading, told.auto_evict, told.default_context_tokens) == (
        "0.0.0.0",
        True,
        False,
        8192,
    )
    (tmp_path / ".internal/http-server-config.json").write_text(json.dumps({**server, "port": 4321}))
    assert engine.settings().bind_address is None  # that server is another one


def test_a_file_is_found_by_what_was_imported_for_it_and_else_by_name_and_exact_size(tmp_path: Path) -> None:
    file = tmp_path / "Tiny-7B.Q4_1.gguf"
    file.write_bytes(b"1234567")
    request = LoadRequest("tiny", str(file), 1024)

    def found(*models: Listed) -> str | None:
        return find(models, request)

    assert found(Listed("tiny-7b", "local_llm_lab", 9, ())) == "tiny-7b"
    assert found(Listed("anything", "local_llm_lab", 7, ())) == "anything"
    assert found(Listed("org/tiny-7b@q4_1", "org", 7, ())) == "org/tiny-7b@q4_1"
    assert found(Listed("tiny-7b", "org", 9, ())) is None  # another quantization under the same name
    assert found(Listed("other", "org", 7, ())) is None
    assert found(Listed("tiny-7b@q4_1", "org", 7, ()), Listed("tiny-7b@q4_0", "org", 6, ())) == "tiny-7b@q4_1"
    with pytest.raises(LoadFailed, match="several models"):
        found(Listed("a/tiny", "org", 7, ()), Listed("b/tiny", "org", 7, ()))


def test_all_shards_belong_to_a_file() -> None:
    assert files_of(Path("/m/a.gguf")) == [Path("/m/a.gguf")]
    assert files_of(Path("/m/a-00001-of-00002.gguf")) == [
        Path("/m/a-00001-of-00002.gguf"),
        Path("/m/a-00002-of-00002.gguf"),
    ]


def test_only_links_are_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    folder = home.our_folder(tmp_path, "tiny")
    folder.mkdir(parents=True)
    os.link(file, folder / "tiny.gguf")
    (folder / "far.gguf").symlink_to(tmp_path / "elsewhere.gguf")
    assert home.is_linked(tmp_path, "tiny", str(file))
    assert len(home.remove_links(tmp_path, "tiny")) == 2
    assert (file.read_bytes(), folder.exists()) == (b"GGUF", False)
    assert home.remove_links(tmp_path, "tiny") == []
    folder.mkdir()
    (folder / "tiny.gguf").write_bytes(b"only")
    with pytest.raises(EngineError, match="the only copy"):
        home.remove_links(tmp_path, "tiny")
    with pytest.raises(EngineError, match="another file"):
        home.is_linked(tmp_path, "tiny", str(file))
    with pytest.raises(EngineError, match="folder's name"):
        home.remove_links(tmp_path, "../tiny")


@pytest.mark.parametrize("url", ["http://0.0.0.0:1234", "http://gb10:1234", "http://127.0.0.1"])
def test_only_a_loopback_port_will_do(url: str) -> None:
    with pytest.raises(EngineError, match="loopback port only"):
        connect("lm_studio", url, {})


def test_what_cannot_be_asked_for_is_refused_before_anything_is_sent() -> None:
    rest, both = connect("lm_studio", URL, {}), connect("lm_studio", URL, {"lms": "/nowhere/lms"})
    request = LoadRequest("tiny", "/nowhere/tiny.gguf", 1024, parallel=1)
    assert (rest.capabilities.parallel, both.capabilities.parallel) == (False, True)
    with pytest.raises(OptionUnsupported, match=r"parallel = 1; it serves with 4.*set lms"):
        rest.refuse_unsupported(request)
    both.refuse_unsupported(request)
    with pytest.raises(OptionUnsupported, match="not both in one load"):
        both.refuse_unsupported(LoadRequest("tiny", "", 1024, parallel=1, flash_attention="on"))
    with pytest.raises(OptionUnsupported, match=r"kv_type = '?q8_0"):
        rest.refuse_unsupported(LoadRequest("tiny", "", 1024, parallel=4, kv_type="q8_0"))
    connect("lm_studio", URL, {"kv_type": "q8_0"}).refuse_unsupported(
        LoadRequest("tiny", "", 1024, parallel=4, kv_type="q8_0")
    )
    with pytest.raises(EngineError, match="no number"):
        connect("lm_studio", URL, {"parallel": "many"})
    assert connect("lm_studio", URL, {"processes": "llmster"}).processes == ("llmster",)

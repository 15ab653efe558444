# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog: what identifies a model, and errors that name the place."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.module_utils.gguf.shape import Layer, Shape
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import Price, SweepError, load_catalog
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.schema import load_schema

CatalogFile = Callable[..., Path]
SOURCE = "{path: /models/tiny.gguf}"
SHAPE = """\
    shape:
      architecture: gemma3
      total_parameters: 1000
      active_parameters: 400
      weight_bytes: 2000
      active_weight_bytes: 800
      train_context_tokens: 4096
      layers:
        - {count: 2, kv_heads: 2, key_length: 32, value_length: 32, window_tokens: 1024}
        - {count: 1, kv_heads: 2, key_length: 32, value_length: 32}
"""
CLOUD = """\
  far:
    cloud:
      id: far-model-2026-03-01
      context_tokens: 200000
      prices:
        - {from: 2026-06-01, prompt_per_million: 2.5, generated_per_million: 12.5, currency: USD}
        - from: 2026-03-01
          prompt_per_million: 3
          cached_per_million: 0.3
          generated_per_million: 15
          currency: USD
"""
COLLECTION = Path(__file__).resolve().parents[5]


def test_an_entry_is_read_with_its_template_beside_the_catalog(catalog_file: CatalogFile, tmp_path: Path) -> None:
    model = load_catalog(catalog_file())["tiny"]
    assert (model.file, model.size_bytes, model.source) == ("tiny.gguf", 100, {"path": "/models/tiny.gguf"})
    assert model.chat_template == str(tmp_path / "tools.jinja")
    assert model.template_text() == "{{ messages }}"
    assert model.active_parameters == 1000, "a dense model uses all of its parameters"
    assert model.as_dict()["digest"] == model.digest


def test_a_model_without_a_template_speaks_its_own(catalog_file: CatalogFile) -> None:
    model = load_catalog(catalog_file("    chat_template: tools.jinja\n", ""))["tiny"]
    assert model.chat_template is None and model.template_text() is None


def test_other_templates_are_read_and_are_no_part_of_the_model(catalog_file: CatalogFile, tmp_path: Path) -> None:
    (tmp_path / "b.jinja").write_text("{# ü #}", "utf-8")
    plain = load_catalog(catalog_file())["tiny"]
    more = "    chat_template: tools.jinja\n    chat_templates: [b.jinja]\n"
    model = load_catalog(catalog_file("    chat_template: tools.jinja\n", more))["tiny"]
    assert model.alternatives() == [{"chat_template": "{# ü #}", "chat_template_name": "b.jinja"}]
    assert (plain.alternatives(), model.digest) == ([], plain.digest)
    with pytest.raises(SweepError, match=r"c\.jinja cannot be read"):
        load_catalog(catalog_file("    chat_template: tools.jinja\n", more.replace("b.jinja", "c.jinja")))


def test_the_digest_follows_weights_and_template_only(catalog_file: CatalogFile) -> None:
    original = load_catalog(catalog_file())["tiny"].digest
    assert load_catalog(catalog_file("file: tiny.gguf", "file: other.gguf"))["tiny"].digest == original
    assert load_catalog(catalog_file("ab" * 32, "cd" * 32))["tiny"].digest != original
    assert load_catalog(catalog_file(template="other"))["tiny"].digest != original


def test_a_template_edited_under_a_running_sweep_is_noticed(catalog_file: CatalogFile, tmp_path: Path) -> None:
    model = load_catalog(catalog_file())["tiny"]
    (tmp_path / "tools.jinja").write_text("edited")
    with pytest.raises(SweepError, match="changed while the sweep was running"):
        model.template_text()


@pytest.mark.parametrize(
    "old, new, place, says",
    [
        ("  tiny:", "  Tiny Model:", "2:3", ['"Tiny Model" cannot be a key of models', "lower-case"]),
        ("ab" * 32, "ab", "4:5", ["models.tiny.sha256", "64 hex digits"]),
        ("file: tiny.gguf", "file: ../tiny.gguf", "3:5", ["without a folder"]),
        ("    size_bytes: 100\n", "", "2:3", ["models.tiny has no 'size_bytes'"]),
        ("tools.jinja", "tool.jinja", "7:5", ["tool.jinja cannot be read"]),
        ("{path: /models/tiny.gguf}", "{path: models/tiny.gguf}", "8:14", ["absolute path"]),
        ("{path: /models/tiny.gguf}", "{}", "8:5", ["source is {}", "where the file comes from"]),
        ("{path: /models/tiny.gguf}", "{pypi: {package: x}}", "8:14", ["has no 'version'"]),
        (SOURCE, "{pipy: {}}", "8:14", ["'pipy'", "pypi?"]),
        (SOURCE, "{url: 'ftp://x/y.gguf'}", "8:14", ["source.url", "https"]),
        (SOURCE, "{hub: {repo: name, file: a.gguf}}", "8:20", ["source.hub.repo", "org/name"]),
        (SOURCE, "{hub: {repo: org/name, file: a.bin}}", "8:36", ["source.hub.file"]),
        ("", SHAPE.replace("      weight_bytes", "      weights: 1\n      weight_bytes"), "13:7", ["'weights'"]),
        ("", SHAPE.replace("weight_bytes: 2000", "weight_bytes: -1"), "13:7", ["shape.weight_bytes is -1"]),
        ("", SHAPE.replace("{count: 1, ", "{"), "18:11", ["has no 'count'", "how many layers"]),
        ("", SHAPE.replace("parameters: 1000", "parameters: 999"), "6:5", ["is 1000", "it is 999", "gguf_info"]),
        ("", CLOUD.replace("id: far-model-2026-03-01", "name: far"), "10:5", ["models.far.cloud has no 'id'", "dated"]),
        ("", CLOUD.replace("from: 2026-03-01", "from: 2026-02-30"), "15:11", ["2026-02-30", "2026-01-01"]),
        ("", CLOUD.replace("from: 2026-03-01", "from: yesterday"), "15:11", ["yesterday", "2026-01-01"]),
        ("", CLOUD.replace("cached_per_million: 0.3", "cached_per_million: -1"), "17:11", ["is -1", "0 or more"]),
        ("", CLOUD + "    file: far.gguf\n", "20:5", ["unknown key of models.far 'file'"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    catalog_file: CatalogFile, old: str, new: str, place: str, says: list[str]
) -> None:
    path = catalog_file(old, new)
    with pytest.raises(SweepError) as failure:
        load_catalog(path)
    assert str(failure.value).startswith(f"{path}:{place}:")
    for words in says:
        assert words in str(failure.value)


@pytest.mark.parametrize(
    "source",
    [
        "{url: 'https://models.example.net/tiny.gguf'}",
        "{hub: {repo: org/tiny-GGUF, file: Q4/tiny.gguf}}",
        "{hub: {repo: org/tiny-GGUF, file: tiny.gguf, revision: 1a2b3c}}",
    ],
)
def test_a_file_may_come_from_a_url_or_a_hub(catalog_file: CatalogFile, source: str) -> None:
    (kind,) = load_catalog(catalog_file(SOURCE, source))["tiny"].source
    assert kind in ("url", "hub")


def test_a_shape_is_read_and_written_as_it_stands_in_the_catalog(catalog_file: CatalogFile) -> None:
    model = load_catalog(catalog_file("", SHAPE))["tiny"]
    assert model.shape is not None and [layer.window_tokens for layer in model.shape.layers] == [1024, 1024, None]
    assert (model.total_parameters, model.active_parameters) == (1000, 400), "the shape says it"
    plain = json.loads(json.dumps(model.as_dict()))
    assert Shape.from_dict(plain["shape"]) == model.shape and len(plain["shape"]["layers"]) == 2


def test_the_schema_knows_what_a_shape_has() -> None:
    known = load_schema("catalog")["$defs"]
    assert list(known["shape"]["properties"]) == [one.name for one in fields(Shape)]
    assert list(known["layers"]["properties"]) == ["count", *(one.name for one in fields(Layer))]


def test_a_cloud_model_has_no_file_and_a_price_for_every_day_since_its_first(catalog_file: CatalogFile) -> None:
    models = load_catalog(catalog_file("", CLOUD))
    far = models["far"]
    assert far.cloud is not None and far.file is None and far.source == {}
    assert far.digest != models["tiny"].digest
    assert far.cloud.price_on(datetime.date(2026, 2, 28)) is None
    spring = far.cloud.price_on(datetime.date(2026, 5, 31))
    summer = far.cloud.price_on(datetime.date(2026, 6, 1))
    assert spring is not None and summer is not None
    assert spring.cost(prompt_tokens=1_000_000, cached_tokens=900_000, generated_tokens=10_000) == Decimal("0.72")
    assert summer.cost(1_000_000, 900_000, 0) == Decimal("2.5"), "no price of their own: as any token of the prompt"
    assert summer.cost(0, 0, 1000, reasoning_tokens=800) == summer.cost(0, 0, 1000), "reasoning as any generated token"
    assert json.loads(json.dumps(far.as_dict()))["cloud"]["prices"][0] == {
        "from": "2026-03-01",
        "prompt_per_million": 3,
        "cached_per_million": 0.3,
        "generated_per_million": 15,
        "reasoning_per_million": 15,
        "currency": "USD",
    }


def test_the_shipped_catalog_is_right() -> None:
    model = load_catalog(COLLECTION / "inventory" / "catalog.yml")["smollm2-135m-instruct"]
    assert model.size_bytes == 98_362_432 and model.sha256.startswith("b179c952")
    text = model.template_text()
    assert text is not None and hashlib.sha256(text.encode()).hexdigest() == model.chat_template_sha256


def test_reasoning_may_have_a_price_of_its_own_and_the_parts_are_the_whole() -> None:
    rates = {"prompt_per_million": 2, "cached_per_million": 1, "generated_per_million": 10, "reasoning_per_million": 4}
    price = Price.from_dict({"from": "2026-01-01", "currency": "USD", **rates})
    parts = price.parts(prompt_tokens=3_000_000, cached_tokens=1_000_000, generated_tokens=500, reasoning_tokens=400)
    assert parts == {
        "fresh": Decimal(4),
        "cached": Decimal(1),
        "generated": Decimal("0.001"),
        "reasoning": Decimal("0.0016"),
    }
    assert price.cost(3_000_000, 1_000_000, 500, 400) == sum(parts.values())
    assert Price.from_dict(price.as_dict()) == price

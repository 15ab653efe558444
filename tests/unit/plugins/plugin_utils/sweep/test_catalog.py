# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog: what identifies a model, and errors that name the place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import SweepError, load_catalog

CatalogFile = Callable[..., Path]
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
        ("{path: /models/tiny.gguf}", "{pipy: {}}", "8:14", ["'pipy'", "pypi?"]),
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


def test_the_shipped_catalog_is_right() -> None:
    model = load_catalog(COLLECTION / "inventory" / "catalog.yml")["smollm2-135m-instruct"]
    assert model.size_bytes == 98_362_432 and model.sha256.startswith("b179c952")
    text = model.template_text()
    assert text is not None and hashlib.sha256(text.encode()).hexdigest() == model.chat_template_sha256

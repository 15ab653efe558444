# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model catalog: names, files, and what identifies them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...module_utils.gguf.shape import Shape
from . import document, schema
from .cloud import Cloud
from .digest import digest
from .errors import SweepFileInvalid, UnknownName
from .files import ModelFile

COUNTS = ("total_parameters", "active_parameters")


@dataclass(frozen=True)
class Model:
    """One entry of the catalog: a GGUF file, or a cloud API's model (`cloud`), which has no file, sha256 or source.

    `chat_template` is an absolute path, or None for the model's own template; `chat_templates` are those that smoke
    tries where it calls no tool. Of a model with several `quants`, `quant` names the one that the entry's file is.
    `draft` is the model that drafts for it. `profiles` are the vendor's sampling bundles, as chat configs.
    """

    name: str
    file: str | None
    sha256: str | None
    size_bytes: int | None
    source: dict[str, Any]
    total_parameters: int | None
    active_parameters: int | None
    chat_template: str | None
    chat_template_sha256: str | None
    description: str
    shape: Shape | None = None
    cloud: Cloud | None = None
    quant: str | None = None
    quants: dict[str, ModelFile] = field(default_factory=dict)
    draft: Model | None = None
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    chat_templates: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What a trial means by this model: the weights, or the dated id, and the template they are spoken to with."""
        return self.digest_under({})

    def digest_under(self, load: Mapping[str, Any]) -> str:
        """The same under a load config, which may choose other weights, and more of them."""
        weights = self.cloud.id if self.cloud else self.weights(load).sha256
        return digest([self.name, weights, self.chat_template_sha256, *(one.sha256 for one in self.drafts(load))])

    def weights(self, load: Mapping[str, Any]) -> ModelFile:
        """The file that this load config chooses; `refuses` says whether there is one."""
        chosen = self.quants.get(load.get("quant") or "")
        return chosen or ModelFile(str(self.file), str(self.sha256), self.size_bytes or 0, self.source)

    def drafts(self, load: Mapping[str, Any]) -> list[ModelFile]:
        """The file of the model that drafts, where one does."""
        return [self.draft.weights({})] if self.draft and load.get("speculative") == "draft" else []

    def name_under(self, load: Mapping[str, Any]) -> str:
        """What an engine calls the model: no engine has two files by one name."""
        quant = load.get("quant")
        return f"{self.name}-{quant.lower()}" if quant in self.quants and quant != self.quant else self.name

    def refuses(self, load: Mapping[str, Any]) -> str | None:
        """Why this model cannot be loaded so, on whatever engine; None where nothing speaks against it."""
        quant, experts_used = load.get("quant"), load.get("experts_used")
        if quant is not None and quant not in self.quants:
            return f"{self.name} has no quant {quant}; it has {', '.join(self.quants) or 'one file only'}"
        if experts_used is not None and self.shape and self.shape.active_parameters == self.shape.total_parameters:
            return f"experts_used = {experts_used} means nothing to {self.name}, which is dense"
        if load.get("speculative") == "draft" and self.draft is None:
            return f"{self.name} has no draft in the catalog"
        return None

    def template_text(self) -> str | None:
        """The chat template to load the model with; SweepFileInvalid when it is not the one the plan was made with."""
        if self.chat_template is None:
            return None
        content = Path(self.chat_template).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.chat_template_sha256:
            raise SweepFileInvalid(
                f"The chat template {self.chat_template} changed while the sweep was running.", "run the sweep again."
            )
        return content.decode()

    def alternatives(self) -> list[dict[str, str]]:
        """The settings that smoke may try beside those that were asked for."""
        paths = map(Path, self.chat_templates)
        return [{"chat_template": path.read_text("utf-8"), "chat_template_name": path.name} for path in paths]

    def as_dict(self) -> dict[str, Any]:
        """The entry and its digest as plain data, as the store and the findings keep it."""
        return {
            **vars(self),
            "source": dict(self.source),
            "shape": self.shape.as_dict() if self.shape else None,
            "cloud": self.cloud.as_dict() if self.cloud else None,
            "quants": {name: dict(vars(one)) for name, one in self.quants.items()},
            "draft": {"name": self.draft.name, **vars(self.draft.weights({}))} if self.draft else None,
            "chat_templates": list(self.chat_templates),
            "digest": self.digest,
        }


def load_catalog(path: Path | str) -> dict[str, Model]:
    """Every model of a catalog file by name."""
    source = document.read(Path(path), "The catalog")
    schema.check(source, "catalog")
    models = {name: _model(source, name, entry) for name, entry in source.data["models"].items()}
    drafts = {name: entry["draft"] for name, entry in source.data["models"].items() if "draft" in entry}
    return models | {name: replace(models[name], draft=_draft(source, models, name)) for name in drafts}


def _model(source: document.Document, name: str, entry: dict[str, Any]) -> Model:
    template, template_sha256 = None, None
    if "chat_template" in entry:
        template, template_sha256 = _template(source, entry["chat_template"], "models", name, "chat_template")
    shape = Shape.from_dict(entry["shape"]) if "shape" in entry else None
    if shape:
        _check_counts(source, name, entry, shape)
    total = shape.total_parameters if shape else entry.get("total_parameters")
    quants = {quant: ModelFile.from_dict(one) for quant, one in entry.get("quants", {}).items()}
    if quants and entry["quant"] not in quants:
        raise UnknownName(source.where("models", name, "quant"), "quant", entry["quant"], quants)
    chosen = entry["quants"][entry["quant"]] if quants else entry
    weights = ModelFile.from_dict(chosen) if "file" in chosen else None
    return Model(
        name=name,
        file=weights.file if weights else None,
        sha256=weights.sha256 if weights else None,
        size_bytes=weights.size_bytes if weights else None,
        source=weights.source if weights else {},
        total_parameters=total,
        active_parameters=shape.active_parameters if shape else entry.get("active_parameters", total),
        chat_template=template,
        chat_template_sha256=template_sha256,
        description=entry.get("description", ""),
        shape=shape,
        cloud=Cloud.from_dict(entry["cloud"]) if "cloud" in entry else None,
        quant=entry.get("quant"),
        quants=quants,
        profiles={one: schema.settled("chat", bundle) for one, bundle in entry.get("profiles", {}).items()},
        chat_templates=tuple(
            _template(source, one, "models", name, "chat_templates")[0] for one in entry.get("chat_templates", ())
        ),
    )


def _draft(source: document.Document, models: Mapping[str, Model], name: str) -> Model:
    """The model that drafts for another. One token has to mean the same to both."""
    drafting = source.data["models"][name]["draft"]
    where = source.where("models", name, "draft")
    able = [one.name for one in models.values() if one.cloud is None and one.name != name]
    if drafting not in able:
        raise UnknownName(where, "model to draft", drafting, able)
    sizes = [model.shape.vocabulary for model in (models[name], models[drafting]) if model.shape]
    if len(sizes) == 2 and all(sizes) and sizes[0] != sizes[1]:
        raise SweepFileInvalid(
            f"{where}: {drafting} has a vocabulary of {sizes[1]} tokens, {name} one of {sizes[0]}.",
            "name a model of the same family.",
        )
    return models[drafting]


def _template(source: document.Document, named: str, *keys: str) -> tuple[str, str]:
    """The absolute path of a chat template and the sha256 of what it says; `keys` lead to where it is named."""
    path = (source.path.parent / named).resolve()
    try:
        content = path.read_bytes()
        content.decode()
    except (OSError, UnicodeDecodeError) as error:
        where = source.where(*keys)
        raise SweepFileInvalid(
            f"{where}: the chat template {path} cannot be read: {error}.",
            "name a Jinja file, relative to the catalog.",
        ) from error
    return str(path), hashlib.sha256(content).hexdigest()


def _check_counts(source: document.Document, name: str, entry: dict[str, Any], shape: Shape) -> None:
    """An entry whose numbers contradict its shape has the shape of another file."""
    for count in COUNTS:
        if entry.get(count, getattr(shape, count)) != getattr(shape, count):
            raise SweepFileInvalid(
                f"{source.where('models', name, count)}: {count} is {entry[count]}, "
                f"in the shape it is {getattr(shape, count)}.",
                "read the shape of this very file again with gguf_info, or leave the number out.",
            )

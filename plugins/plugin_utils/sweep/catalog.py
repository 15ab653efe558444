# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model catalog: names, files, and what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils.gguf.shape import Shape
from . import document, schema
from .cloud import Cloud
from .digest import digest
from .errors import SweepFileInvalid

COUNTS = ("total_parameters", "active_parameters")


@dataclass(frozen=True)
class Model:
    """One entry of the catalog: a GGUF file, or a cloud API's model (`cloud`), which has no file, sha256 or source.

    `chat_template` is an absolute path, or None for the model's own template.
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

    @property
    def digest(self) -> str:
        """What a trial means by this model: the weights, or the dated id, and the template they are spoken to with."""
        return digest([self.name, self.cloud.id if self.cloud else self.sha256, self.chat_template_sha256])

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

    def as_dict(self) -> dict[str, Any]:
        """The entry and its digest as plain data, as the store and the findings keep it."""
        return {
            **vars(self),
            "source": dict(self.source),
            "shape": self.shape.as_dict() if self.shape else None,
            "cloud": self.cloud.as_dict() if self.cloud else None,
            "digest": self.digest,
        }


def load_catalog(path: Path | str) -> dict[str, Model]:
    """Every model of a catalog file by name."""
    source = document.read(Path(path), "The catalog")
    schema.check(source, "catalog")
    return {name: _model(source, name, entry) for name, entry in source.data["models"].items()}


def _model(source: document.Document, name: str, entry: dict[str, Any]) -> Model:
    template, template_sha256 = _template(source, name, entry)
    shape = Shape.from_dict(entry["shape"]) if "shape" in entry else None
    if shape:
        _check_counts(source, name, entry, shape)
    total = shape.total_parameters if shape else entry.get("total_parameters")
    return Model(
        name=name,
        file=entry.get("file"),
        sha256=entry.get("sha256"),
        size_bytes=int(entry["size_bytes"]) if "size_bytes" in entry else None,
        source=dict(entry.get("source", {})),
        total_parameters=total,
        active_parameters=shape.active_parameters if shape else entry.get("active_parameters", total),
        chat_template=template,
        chat_template_sha256=template_sha256,
        description=entry.get("description", ""),
        shape=shape,
        cloud=Cloud.from_dict(entry["cloud"]) if "cloud" in entry else None,
    )


def _template(source: document.Document, name: str, entry: dict[str, Any]) -> tuple[str | None, str | None]:
    """The absolute path of the entry's chat template and the sha256 of what it says."""
    if "chat_template" not in entry:
        return None, None
    path = (source.path.parent / entry["chat_template"]).resolve()
    try:
        content = path.read_bytes()
        content.decode()
    except (OSError, UnicodeDecodeError) as error:
        where = source.where("models", name, "chat_template")
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

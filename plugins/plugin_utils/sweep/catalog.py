# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model catalog: names, files, and what identifies them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import document, schema
from .digest import digest
from .errors import SweepFileInvalid


@dataclass(frozen=True)
class Model:
    """One entry of the catalog. `chat_template` is an absolute path, or None for the model's own template."""

    name: str
    file: str
    sha256: str
    size_bytes: int
    source: dict[str, Any]
    total_parameters: int | None
    active_parameters: int | None
    chat_template: str | None
    chat_template_sha256: str | None
    description: str

    @property
    def digest(self) -> str:
        """What a trial means by this model: the weights and the template they are spoken to with."""
        return digest([self.name, self.sha256, self.chat_template_sha256])

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
        """The entry and its digest, as the store and the findings keep it."""
        return asdict(self) | {"digest": self.digest}


def load_catalog(path: Path | str) -> dict[str, Model]:
    """Every model of a catalog file by name."""
    source = document.read(Path(path), "The catalog")
    schema.check(source, "catalog")
    return {name: _model(source, name, entry) for name, entry in source.data["models"].items()}


def _model(source: document.Document, name: str, entry: dict[str, Any]) -> Model:
    template, template_sha256 = None, None
    if "chat_template" in entry:
        template_path = (source.path.parent / entry["chat_template"]).resolve()
        try:
            content = template_path.read_bytes()
            content.decode()
        except (OSError, UnicodeDecodeError) as error:
            where = source.where("models", name, "chat_template")
            raise SweepFileInvalid(
                f"{where}: the chat template {template_path} cannot be read: {error}.",
                "name a Jinja file, relative to the catalog.",
            ) from error
        template, template_sha256 = str(template_path), hashlib.sha256(content).hexdigest()
    total = entry.get("total_parameters")
    return Model(
        name=name,
        file=entry["file"],
        sha256=entry["sha256"],
        size_bytes=int(entry["size_bytes"]),
        source=dict(entry["source"]),
        total_parameters=total,
        active_parameters=entry.get("active_parameters", total),
        chat_template=template,
        chat_template_sha256=template_sha256,
        description=entry.get("description", ""),
    )

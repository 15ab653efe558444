# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What loading a model of the catalog takes, outside a generation: no trial is planned and none is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ..sweep import Model, load_catalog, load_sweep
from ..sweep.digest import digest
from ..sweep.plan import CLOUD_ENGINE


class OtherModel(LabError):
    """The catalog's entry is not the model that was measured."""


def block(model: Model, load: Mapping[str, Any]) -> dict[str, Any]:
    """As a block of a sweep's plan, as far as a load and its smoke need one; `file` is none for a cloud's model."""
    if why := model.refuses(load):
        raise OtherModel(f"{why}.", "restore the catalog's entry, or sweep what it has now")
    files = [] if model.cloud else [model.weights(load), *model.drafts(load)]
    return {
        "model": model.name,
        "engine_model": model.cloud.id if model.cloud else model.name_under(load),
        "file": files[0].file if files else None,
        "draft_file": files[1].file if len(files) > 1 else None,
        "files": [{"name": model.name, **vars(one)} for one in files],
        "chat_template": model.template_text(),
        "alternatives": model.alternatives(),
        "load": dict(load),
        "load_digest": digest([model.digest_under(load), dict(load)], 12),
    }


def as_measured(catalog: Path, chosen: Mapping[str, Any]) -> Model:
    """The catalog's entry, seen to be the one that was measured: the same files under the same template."""
    model = _entry(catalog, str(chosen["model"]))
    has = model.digest_under(chosen["load"])
    if has != chosen["digest"]:
        raise OtherModel(
            f"The catalog's {model.name} is not the model that was measured: its digest is {has[:12]}, not "
            f"{chosen['digest'][:12]}.",
            "restore the entry's file and chat template, or sweep the new one and decide again",
        )
    return model


def to_smoke(catalog: Path, sweep_file: Path, model: str | None, engine: str, host: str) -> list[dict[str, Any]]:
    """A block for each model of a sweep file, or for one of the catalog, under the sweep's baseline.

    A cloud's models are for a cloud, files for every other host.
    """
    sweep = load_sweep(sweep_file)
    models = load_catalog(catalog)
    sweep.check_models(models)
    wanted = [_entry(catalog, model)] if model else [models[name] for name in sweep.models]
    # Of no host class and no calibrated load: nothing of it is kept.
    place = {"host": host, "engine": engine, "host_class": "", "overhead_bytes": 0, "chat": dict(sweep.chat)}
    return [block(one, sweep.load) | place for one in wanted if (one.cloud is not None) == (engine == CLOUD_ENGINE)]


def _entry(catalog: Path, name: str) -> Model:
    models = load_catalog(catalog)
    if name not in models:
        raise LabError(f"The catalog {catalog} has no model {name}.", f"name one of: {', '.join(sorted(models))}")
    return models[name]

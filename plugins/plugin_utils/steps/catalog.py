# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog for a playbook: its models, and the shapes that were read of their files, each read once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...module_utils.files import read_json, write_whole
from ...module_utils.gguf.download import hub_url as url_on_hub
from ..sweep import load_catalog

Shapes = dict[str, dict[str, Any]]


def catalog_shapes(
    catalog: str, lab_home: str, hub_url: str, read: Iterable[Mapping[str, Any]], write: bool
) -> dict[str, Any]:
    """Every model, with the shape of its entry, of what is kept, or of what was just read; the last is kept.

    A shape is kept under the sha256 of its entry. A header does not prove that sha256: compared are what the server
    claims of the file, if anything, and the size of a single file.
    """
    folder = Path(lab_home) / "shapes"
    fresh = _fresh(read)
    models = [model.as_dict() for model in load_catalog(catalog).values()]
    kept: Shapes = {}
    for model in models:
        sha256 = model["sha256"]
        if model["shape"] is None and sha256:
            model["shape"] = read_json(_file(folder, sha256))
            if model["shape"] is None and sha256 in fresh:
                model["shape"] = kept[sha256] = fresh[sha256]
    if write and kept:
        folder.mkdir(parents=True, exist_ok=True)
        for sha256, shape in kept.items():
            write_whole(_file(folder, sha256), json.dumps(shape).encode())
    without_shape = [
        {**model, "url": _url(model["source"], hub_url)}
        for model in models
        if model["shape"] is None and model["cloud"] is None
    ]
    return {"changed": bool(kept), "models": models, "without_shape": without_shape}


def _file(folder: Path, sha256: str) -> Path:
    return folder / f"{sha256}.json"


def _url(source: Mapping[str, Any], hub_url: str) -> str | None:
    hub = source.get("hub")
    return url_on_hub(hub_url, **{"revision": "main", **hub}) if hub else source.get("url")


def _fresh(read: Iterable[Mapping[str, Any]]) -> Shapes:
    """By sha256, from results of gguf_info in a loop over models; another size or claim is another file's."""
    shapes = {}
    for result in read:
        model = result[result["ansible_loop_var"]]
        if "shape" not in result or (result["claimed_sha256"] or model["sha256"]) != model["sha256"]:
            continue
        if result["files"] > 1 or result["size_bytes"] == model["size_bytes"]:
            shapes[str(model["sha256"])] = dict(result["shape"])
    return shapes

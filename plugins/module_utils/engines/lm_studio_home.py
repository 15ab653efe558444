# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LM Studio's own folder: settings it tells nowhere else, the runtime it chose, and the links the lab makes there.

The files' format is declared unstable, so whatever cannot be read is None and nothing here is written but links.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import read_json
from .base import EngineError

OURS = "local_llm_lab"
REPO = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclass(frozen=True)
class Told:
    """What the settings files say. `bind_address` only where the file is about the server on this port."""

    bind_address: str | None
    jit_loading: bool | None
    auto_evict: bool | None
    default_context_tokens: int | None


def told(home: Path, port: int) -> Told:
    server = _plain(home / ".internal/http-server-config.json")
    settings = _plain(home / "settings.json")
    bind_address = server.get("networkInterface") if server.get("port") == port else None
    context = settings.get("defaultContextLength")
    custom = context.get("value") if isinstance(context, dict) and context.get("type") == "custom" else None
    developer = settings.get("developer")
    return Told(
        bind_address if isinstance(bind_address, str) else None,
        _boolean(server.get("justInTimeModelLoading")),
        _boolean(developer.get("unloadPreviousJITModelOnLoad")) if isinstance(developer, dict) else None,
        whole_number(custom),
    )


def runtime(home: Path) -> str | None:
    """Name and version of the runtime chosen for GGUF files."""
    try:
        chosen = read_json(home / ".internal/backend-preferences-v1.json")
    except RecursionError:
        return None
    for one in chosen if isinstance(chosen, list) else ():
        if isinstance(one, dict) and one.get("model_format") == "gguf" and isinstance(one.get("name"), str):
            return f"{one['name']} {one.get('version', '')}".strip()
    return None


def models_folder(home: Path) -> Path:
    folder = _plain(home / "settings.json").get("downloadsFolder")
    return Path(folder) if isinstance(folder, str) and os.path.isabs(folder) else home / "models"


def our_folder(home: Path, name: str) -> Path:
    """Where the links of this model are; a name that could lead elsewhere is refused."""
    if not REPO.match(name):
        raise EngineError(f"{name!r} cannot be a folder's name in LM Studio.", "use letters, digits, dots, - and _")
    return models_folder(home) / OURS / name


def our_links(home: Path) -> list[tuple[str, str]]:
    """Name and first file of each model the lab linked in."""
    try:
        folders = sorted((models_folder(home) / OURS).iterdir())
        first = [(folder.name, sorted(folder.glob("*.gguf"))[:1]) for folder in folders]
    except OSError:
        return []
    return [(name, os.path.realpath(file)) for name, files in first for file in files]


def is_linked(home: Path, name: str, file: str) -> bool:
    """Whether this file is there already; another file under its name is refused."""
    target = our_folder(home, name) / os.path.basename(file)
    if not os.path.lexists(target):
        return False
    if os.path.exists(target) and os.path.samefile(target, file):
        return True
    raise EngineError(f"{target} is another file than {file}.", f"look at it, then remove it: rm {target}")


def on_same_disk(home: Path, file: str) -> bool:
    """Whether a hard link can be made; else a symbolic one has to do."""
    folder = models_folder(home)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return os.stat(file).st_dev == folder.stat().st_dev
    except OSError as error:
        raise EngineError(
            f"There is no GGUF file {file}: {error.strerror}.",
            "download it with the role local_llm.lab.gguf_models or correct the path",
        ) from error


def remove_links(home: Path, name: str) -> list[str]:
    """Take the links of this model away; what is no second name of a file that exists elsewhere is refused."""
    folder = our_folder(home, name)
    try:
        there = sorted(folder.iterdir())
        for target in there:
            if not target.is_symlink() and (target.is_dir() or target.stat().st_nlink < 2):
                raise EngineError(
                    f"{target} is not a link: it is the only copy.", "move it to where you keep models, or delete it"
                )
        for target in there:
            target.unlink()
        folder.rmdir()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EngineError(
            f"The links in {folder} cannot be removed: {error.strerror}.", "run as the user that LM Studio runs as"
        ) from error
    return [str(target) for target in there]


def whole_number(value: Any) -> int | None:
    """A number of JSON that counts something; a boolean does not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return None if isinstance(value, float) and not value.is_integer() else int(value)


def _plain(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except RecursionError:
        return {}
    return content if isinstance(content, dict) else {}


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None

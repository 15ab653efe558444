# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a canary is, and how it is read from its folder."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError

PATCHES = ("start.patch", "hidden.patch", "reference.patch")
_REMEDY = "See canaries/README.md for what a canary's folder holds."


class CanaryError(LabError):
    """A canary that is unknown, or whose folder is not in order."""


@dataclass(frozen=True)
class Budgets:
    """What a trial may use. Seconds of the wall clock are the trial's, those of a command one command's."""

    turns: int
    generated_tokens: int
    completion_tokens: int
    wall_clock_seconds: float
    command_seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Canary:
    """One benchmark job. The digest covers every file of its folder, so it changes with any of them."""

    name: str
    digest: str
    folder: Path
    grade: int
    prompt: str
    autonomy: str
    budgets: Budgets
    test_command: tuple[str, ...]
    hidden_tests: int
    hidden_seconds: float
    solvable: bool


def load(folder: Path, *, validate: bool = True) -> Canary:
    """The canary in a folder. Whoever has seen it validated before may skip that: it costs the import of jsonschema."""
    data = _read(folder / "canary.yml")
    if validate:
        _check(folder, data)
    hidden = data["hidden"]
    return Canary(
        name=data["name"],
        digest=_digest(folder),
        folder=folder,
        grade=data["grade"],
        prompt=data["prompt"].strip(),
        autonomy=data["autonomy"],
        budgets=Budgets(**data["budgets"]),
        test_command=tuple(data["test_command"]),
        hidden_tests=hidden["tests"],
        hidden_seconds=hidden["seconds"],
        solvable=data["solvable"],
    )


def find(name: str, roots: Iterable[Path]) -> Canary:
    """The canary of that name in the first root that has it."""
    known: list[str] = []
    for root in roots:
        if (root / name / "canary.yml").is_file() and Path(name).name == name:
            return load(root / name)
        known += _names(root)
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(sorted(set(known))) or 'none'}."
    raise CanaryError(f"There is no canary named {name}.", hint)


def _names(root: Path) -> Iterator[str]:
    return (path.parent.name for path in root.glob("*/canary.yml"))


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CanaryError(f"{path} cannot be read: {error.strerror}.", _REMEDY) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CanaryError(f"{path} is not YAML: {error}", _REMEDY) from None
    if not isinstance(data, dict):
        raise CanaryError(f"{path} holds no mapping.", _REMEDY)
    return data


def _check(folder: Path, data: dict[str, Any]) -> None:
    import jsonschema

    schema = json.loads(Path(__file__).with_name("canary.schema.json").read_text(encoding="utf-8"))
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if problem is not None:
        raise CanaryError(f"{folder / 'canary.yml'}: {problem.json_path}: {problem.message}.", _REMEDY)
    if data["name"] != folder.resolve().name:
        raise CanaryError(f"{folder / 'canary.yml'}: the name {data['name']} is not the folder's.", "Rename either.")
    for name in PATCHES:
        if not (folder / name).is_file():
            raise CanaryError(f"{folder / name} is missing.", _REMEDY)


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return total.hexdigest()

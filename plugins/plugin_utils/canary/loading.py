# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canaries by name and by path: a folder, a folder with a seed (`name@7`), or a YAML file that names a repository."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .model import Budgets, Canary, CanaryError, Generator, Package, Patches, Repository, Source

NAME = re.compile(r"[a-z][a-z0-9_]*")
SEED = re.compile(r"0|[1-9][0-9]{0,17}")
_REMEDY = "See docs/canaries.md for what a canary's folder holds."
_FILE_REMEDY = "See docs/canaries.md for what a YAML file that names a repository holds."
# What a repository's canary may use where its file does not say, by grade.
BUDGETS = (
    Budgets(6, 900, 160, 240, 20),
    Budgets(15, 8_000, 2_048, 900, 60),
    Budgets(40, 24_000, 4_096, 1_800, 120),
    Budgets(80, 60_000, 4_096, 3_600, 120),
)


def load(path: Path, *, validate: bool = True) -> Canary:
    """The canary there. Whoever has seen it validated before may skip that: it costs the import of jsonschema."""
    if path.suffix == ".yml":
        return _load_file(path, validate)
    name, at, seed = path.name.partition("@")
    folder = path.with_name(name) if at else path
    data = _read(folder / "canary.yml", _REMEDY)
    if validate:
        _check(folder / "canary.yml", "canary.schema.json", data, _REMEDY)
        _check_folder(folder, data)
    source = _source(data)
    if at:
        source = _seeded(path.name, seed, source)
    hidden = data["hidden"]
    return Canary(
        name=data["name"] + at + seed,
        digest=_digest(folder, seed),
        folder=folder,
        grade=data["grade"],
        duty=data.get("duty", "builder"),
        prompt=data["prompt"].strip(),
        autonomy=data["autonomy"],
        budgets=Budgets(**data["budgets"]),
        test_command=tuple(data["test_command"]),
        hidden_tests=hidden["tests"],
        hidden_seconds=hidden["seconds"],
        solvable=data["solvable"],
        toolchain=data.get("toolchain", False),
        source=source,
    )


def _load_file(path: Path, validate: bool) -> Canary:
    """All its commits are whole ids, so its own bytes are all that a digest has to cover."""
    data = _read(path, _FILE_REMEDY)
    if validate:
        _check(path, "repository.schema.json", data, _FILE_REMEDY)
        if data["name"] != path.stem:
            raise CanaryError(f"{path}: the name {data['name']} is not the file's.", "Rename either.")
    budgets = Budgets(**(BUDGETS[data["grade"]].as_dict() | data.get("budgets", {})))
    return Canary(
        name=data["name"],
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        folder=path,
        grade=data["grade"],
        duty=data.get("duty", "builder"),
        prompt=data["prompt"].strip(),
        autonomy=data.get("autonomy", "edit"),
        budgets=budgets,
        test_command=tuple(data["test_command"]),
        hidden_tests=1,
        hidden_seconds=budgets.command_seconds,
        solvable=True,
        toolchain=data.get("toolchain", False),
        source=Repository(
            url=_url(data["repo"], path.parent),
            commit=data["commit"],
            tests=tuple(data.get("tests", ())),
            tests_commit=data.get("tests_commit"),
            reference_commit=data.get("reference_commit"),
        ),
    )


def find(name: str, roots: Iterable[Path]) -> Canary:
    """The canary of that name in the first root that has it."""
    known: list[str] = []
    base = name.partition("@")[0]
    for root in roots:
        if NAME.fullmatch(base) and (root / base / "canary.yml").is_file():
            return load(root / name)
        if NAME.fullmatch(base) and (root / f"{base}.yml").is_file():
            if base != name:
                raise _no_seeds(name)
            return load(root / f"{name}.yml")
        known += names(root)
    near = difflib.get_close_matches(base, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(sorted(set(known))) or 'none'}."
    raise CanaryError(f"There is no canary named {name}.", hint)


def names(root: Path) -> Iterator[str]:
    """All canaries of a root, in order."""
    found = [path.parent.name for path in root.glob("*/canary.yml")] + [path.stem for path in root.glob("*.yml")]
    return (name for name in sorted(found) if NAME.fullmatch(name) and name != "canary")


def with_seed(canary: Canary, seed: int) -> Canary:
    """A generated canary, made from another seed."""
    return load(canary.folder.with_name(f"{canary.folder.name}@{seed}"), validate=False)


def _url(repo: str, folder: Path) -> str:
    """A path is one from where the file lies."""
    if "://" in repo or re.match(r"[\w.-]+@[\w.-]+:", repo):
        return repo
    return str((folder / Path(repo).expanduser()).resolve())


def _source(data: dict[str, Any]) -> Source:
    if "generator" in data:
        return Generator(data["generator"]["seed"])
    return Package(**data["package"]) if "package" in data else Patches()


def _seeded(name: str, seed: str, source: Source) -> Generator:
    if not isinstance(source, Generator):
        raise _no_seeds(name)
    if not SEED.fullmatch(seed):
        raise CanaryError(f"{name}: {seed or 'nothing'} is no seed.", "Name a whole number of at most 18 digits.")
    return Generator(int(seed))


def _no_seeds(name: str) -> CanaryError:
    base = name.partition("@")[0]
    return CanaryError(f"{name}: {base} is not generated, it has no seeds.", f"Name it {base}.")


def _read(path: Path, remedy: str) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CanaryError(f"{path} cannot be read: {error.strerror}.", remedy) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CanaryError(f"{path} is not YAML: {error}", remedy) from None
    if not isinstance(data, dict):
        raise CanaryError(f"{path} holds no mapping.", remedy)
    return data


def _check(path: Path, schema_name: str, data: dict[str, Any], remedy: str) -> None:
    import jsonschema

    schema = json.loads(Path(__file__).with_name(schema_name).read_text(encoding="utf-8"))
    problem = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(data))
    if problem is not None:
        said = problem.schema.get("description", remedy)
        raise CanaryError(f"{path}: {problem.json_path}: {problem.message}.", said)


def _check_folder(folder: Path, data: dict[str, Any]) -> None:
    if data["name"] != folder.resolve().name:
        raise CanaryError(f"{folder / 'canary.yml'}: the name {data['name']} is not the folder's.", "Rename either.")
    if not data["solvable"] and (folder / "reference.patch").exists():
        raise CanaryError(
            f"{folder / 'reference.patch'} is a solution, and solvable is false.",
            "Remove it, or make the canary solvable.",
        )
    if "generator" in data and "package" in data:
        raise CanaryError(f"{folder / 'canary.yml'} has both a generator and a package.", "Keep one.")
    if "generator" in data:
        wanted = ["generator.py"]
    else:
        wanted = ["start.patch", *["hidden.patch"] * bool(data["hidden"]["tests"])]
        wanted += ["reference.patch"] * data["solvable"]
    for name in wanted:
        if not (folder / name).is_file():
            raise CanaryError(f"{folder / name} is missing.", _REMEDY)


def _digest(folder: Path, seed: str) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    if seed:
        total.update(f"seed\0{seed}\n".encode())
    return total.hexdigest()

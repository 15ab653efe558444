# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A YAML file that remembers where each thing stands, so that an error can point at it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SweepFileInvalid

if TYPE_CHECKING:
    from yaml import Mark, Node

Keys = tuple[str | int, ...]
TEXT_TAG = "tag:yaml.org,2002:str"
DATE_TAG = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True)
class Document:
    """The data of a file, and for every path in it the line and column of its key or item."""

    path: Path
    data: Any
    marks: dict[Keys, tuple[int, int]] = field(repr=False)

    def where(self, *keys: str | int) -> str:
        """`file:line:column` of the thing, or of the nearest thing around it."""
        while keys and keys not in self.marks:
            keys = keys[:-1]
        line, column = self.marks.get(keys, (1, 1))
        return f"{self.path}:{line}:{column}"


@functools.cache
def _loader() -> Any:
    """Loads safely, and leaves a date the text it is.

    Where PyYAML has libyaml, that reads: a catalog of 500 models in half the time. The tree is still made in Python,
    since libyaml's own composer ends the process on a file that is nested too deeply.
    """
    import yaml
    from yaml.composer import Composer
    from yaml.constructor import SafeConstructor
    from yaml.resolver import Resolver

    resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag != DATE_TAG]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    body: dict[str, Any] = {"yaml_implicit_resolvers": resolvers}
    if not hasattr(yaml, "CSafeLoader"):
        return type("Loader", (yaml.SafeLoader,), body)
    parser: Any = vars(yaml.cyaml)["CParser"]

    def start(self: Any, text: str) -> None:
        parser.__init__(self, text)
        for part in (Composer, SafeConstructor, Resolver):
            part.__init__(self)

    return type("Loader", (Composer, parser, SafeConstructor, Resolver), body | {"__init__": start})


def read(path: Path, what: str) -> Document:
    """Read one YAML document. The same key twice, a number that is none, or a loop is an error."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SweepFileInvalid(f"{what} {path} does not exist.", "check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SweepFileInvalid(f"{what} {path} cannot be read: {error}.", "it must be a UTF-8 text file.") from error
    marks: dict[Keys, tuple[int, int]] = {}
    try:
        loader = _loader()(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                _walk(node, (), node.start_mark, marks, path)
            data = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        place = f"{path}:{error.problem_mark.line + 1}:{error.problem_mark.column + 1}" if error.problem_mark else path
        raise SweepFileInvalid(f"{place}: not YAML: {error.problem or error.context}.", "correct that line.") from error
    except SweepFileInvalid:
        raise
    except Exception as error:  # PyYAML builds values from tags without a check: `!!int` alone is an IndexError
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SweepFileInvalid(f"{path}: not YAML: {problem}.", "correct the file.") from error
    document = Document(path, data, marks)
    _only_finite(document, data, ())
    return document


def _walk(node: Node, keys: Keys, mark: Mark, marks: dict[Keys, tuple[int, int]], path: Path) -> None:
    """Note where everything stands. Recursion ends in RecursionError for an alias that contains itself."""
    import yaml

    marks[keys] = (mark.line + 1, mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            place = f"{path}:{key.start_mark.line + 1}:{key.start_mark.column + 1}"
            if key.tag != TEXT_TAG:
                raise SweepFileInvalid(f"{place}: {key.value!r} is not a text.", "every key is a text; quote it.")
            name = str(key.value)
            if name in seen:
                raise SweepFileInvalid(f"{place}: {name!r} is given twice.", "keep one of them.")
            seen.add(name)
            _walk(value, (*keys, name), key.start_mark, marks, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*keys, index), item.start_mark, marks, path)


def _only_finite(document: Document, value: Any, keys: Keys) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise SweepFileInvalid(f"{document.where(*keys)}: {value} is not a number.", "give a finite number.")
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        _only_finite(document, child, (*keys, key))

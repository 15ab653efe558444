# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From templates to source text, before and after the migration.

A template has {{macros}}, written once for both sides, and lines that begin with - (before) or + (after).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from world import CLASSES, CONSTANTS, MODULES, PARAMETERS

TEMPLATES = Path(__file__).resolve().parent / "templates"
LOCAL_NAMES = {op: f"library_{op}" for op in PARAMETERS} | {name: f"Library{name}" for name in CLASSES}
LOCAL_NAMES |= {name: f"A_{name}" for name in CONSTANTS}
UNITS = {1: ("seconds", "seconds"), 60: ("minutes", "seconds"), 1000: ("seconds", "milliseconds")}
KIND_NUMBERS = {"mean": 1, "high": 2, "low": 3}


def template(path: str) -> str:
    return (TEMPLATES / path).read_text(encoding="utf-8")


class Side:
    """One side of the migration: "old" or "new"."""

    def __init__(self, side: str, names: dict, rules: dict, style: str = "module") -> None:
        self.side, self.names, self.rules, self.style = side, names, rules, style
        self.values = {**_values(names, rules), **{name: names[name] for name in ("library", "module", "old_module")}}

    def render(self, text: str) -> str:
        other = {"old": "+", "new": "-"}[self.side]
        lines = []
        constants = sorted(set(re.findall(r"@(\w+)", text)))
        for line in text.splitlines():
            if line.startswith(other):
                continue
            macros = "{{" in line
            line = line[1:] if line[:1] in ("-", "+") else line
            while "{{" in line:
                line, count = re.subn(r"\{\{([^{}]*)\}\}", lambda found: self._macro(found[1], constants), line)
                if not count:
                    raise SystemExit(f"a macro of no kind: {line}")
            if line.strip() or not macros:
                lines.append(line)
        return "\n".join(lines) + "\n"

    def own(self, name: str) -> str:
        return self.names[self.side][name]

    def accessed(self, name: str) -> str:
        """A name of the library as a module of this import style writes it."""
        if self.style == "from_as":
            return LOCAL_NAMES[name]
        prefix = {"module": f"{self.names['library']}.", "alias": f"{self.names['alias']}.", "from": ""}[self.style]
        return prefix + self.own(name)

    def parameter(self, name: str, side: str = "") -> str:
        return name if (side or self.side) == "old" else self.rules["renamed"].get(name, name)

    def _macro(self, text: str, constants: list) -> str:
        word, _space, rest = text.partition(" ")
        if not rest and word in self.values:
            return str(self.values[word])
        if word == "imports":
            return self._imports(rest.split(), constants)
        if word in ("old", "new"):
            return self.names[word][rest]
        if word in ("def", "olddef"):
            return self.signature(rest, "new" if word == "def" else "old")
        if word == "newcall":
            op, _space, given = rest.partition(" ")
            new = Side("new", self.names, self.rules)
            return f"{self.names['new'][op]}({new.arguments(op, _given(given))})"
        if word in PARAMETERS:
            call = f"{self.accessed(word)}({self.arguments(word, _given(rest))})"
            return self.wrapped(word, call)
        simple = {
            "own": self.own,
            "fn": self.accessed,
            "name": self.own,
            "app": lambda name: self.names["app_modules"][name],
            "p": lambda path: self.parameter(path.partition(".")[2], "new"),
            "key": lambda path: self.parameter(path.partition(".")[2]),
            "spanning": lambda call: self.wrapped("span", call),
            "listing": lambda call: self.wrapped("names", call),
            "partial": self._partial,
            "args": lambda given: self.arguments(given.partition(" ")[0], _given(given.partition(" ")[2])),
            "row": lambda given: self.field("row", given, self.side),
            "newfield": lambda given: self.field("row", given, "new"),
            "summary_field": lambda given: self.field("summary", given, self.side),
        }
        return simple[word](rest)

    def _imports(self, wanted: list, constants: list) -> str:
        library = self.names["library"]
        if self.style == "module":
            return f"import {library}"
        if self.style == "alias":
            return f"import {library} as {self.names['alias']}"
        wanted = [name for name in wanted if not (name == "Missing" and self.side == "old")]
        wanted += constants if self.side == "old" else []
        if self.style == "from":
            return f"from {library} import {', '.join(sorted(map(self.own, wanted)))}"
        return (
            f"from {library} import {', '.join(sorted(f'{self.own(name)} as {LOCAL_NAMES[name]}' for name in wanted))}"
        )

    def arguments(self, op: str, given: dict) -> str:
        """The arguments of a call. Before, a default is relied on; after, it has to be said."""
        rest = given.pop("rest", None)
        given = {name: self._argument(op, name, value) for name, value in given.items()}
        keywords: list = []
        if self.side == "new":
            keywords = self.rules["keywords"][op]
            for name in PARAMETERS[op]:
                if f"{op}.{name}" in self.rules["defaults"] and name not in given and not rest:
                    given[name] = self.rules["defaults"][f"{op}.{name}"]
        parts, by_name = [], False
        for name in self.rules[self.side][op]:
            if name in given:
                by_name = by_name or name in keywords
                parts.append(f"{self.parameter(name)}={given[name]}" if by_name else given[name])
            else:
                by_name = True
        return ", ".join([*parts, *([f"**{rest}"] if rest else [])])

    def _argument(self, op: str, name: str, value: str) -> str:
        if value.startswith("@"):
            return f'"{value[1:].lower()}"' if self.side == "new" else self.accessed(value[1:])
        if self.side == "new" and (op, name) == ("rows", "last") and self.rules["last_excluded"]:
            return str(int(value) + 1) if value.isdigit() else f"{value} + 1"
        if self.side == "new" and (op, name) == ("smooth", "width") and self.rules["window"]:
            return f"2 * {value} + 1"
        return value

    def _partial(self, given: str) -> str:
        op, _space, rest = given.partition(" ")
        values = _given(rest)
        names = [name for name in self.rules[self.side][op] if name in values]
        parts = [f"{self.parameter(name)}={values[name]}" if self.side == "new" else values[name] for name in names]
        return f"partial({', '.join([self.accessed(op), *parts])})"

    def wrapped(self, op: str, call: str) -> str:
        if self.side == "new" and op == "span" and self.rules["span_factor"] > 1:
            return f"{call} // {self.rules['span_factor']}"
        if self.side == "new" and op == "names":
            return f"sorted({call})" if self.rules["unsorted"] else f"list({call})"
        return call

    def field(self, kind: str, given: str, side: str) -> str:
        expression, _space, name = given.rpartition(" ")
        if side == "old":
            return f"{expression}[{self.rules[f'old_{kind}'].index(name)}]"
        rule = self.rules[kind]
        return f'{expression}["{rule[name]}"]' if rule["shape"] == "key" else f"{expression}.{rule[name]}"

    def signature(self, op: str, side: str) -> str:
        parts, keywords = [], self.rules["keywords"][op] if side == "new" else []
        for name in self.rules[side][op]:
            if name in keywords and "*" not in parts:
                parts.append("*")
            default = self.rules["defaults"].get(f"{op}.{name}") if side == "old" else None
            parts.append(self.parameter(name, side) + (f"={default}" if default else ""))
        return f"def {self.names[side][op]}({', '.join(parts)}):"


def _given(text: str) -> dict:
    return dict(re.findall(r"(\w+)=(.+?)(?= \w+=|$)", text))


def _values(names: dict, rules: dict) -> dict:
    """What stands in the library's templates and differs by more than a name."""
    new = Side.__new__(Side)
    new.names, new.rules = names, rules
    row, summary = rules["row"], rules["summary"]
    old_unit, new_unit = UNITS[rules["span_factor"]]
    reach = rules["renamed"]["width"]
    found = {
        "old_unit": old_unit,
        "old_unit_one": old_unit[:-1],
        "new_unit": new_unit,
        "span_factor": f" * {rules['span_factor']}" if rules["span_factor"] > 1 else "",
        "last_test": "<" if rules["last_excluded"] else "<=",
        "last_doc": "the end itself left out" if rules["last_excluded"] else "both included",
        "names_order": "list(store.series)" if rules["unsorted"] else "sorted(store.series)",
        "names_doc": "in the order in which the series began" if rules["unsorted"] else "in the order of the alphabet",
        "hook_parameters": ", ".join(rules["new_hook"]),
        "old_hook_parameters": ", ".join(rules["old_hook"]),
        "hook_return": "        return True" if rules["hook_stops"] else "",
        "replay_doc": " It ends as soon as the watcher gives back something false." if rules["hook_stops"] else "",
        "reach": f"{reach} // 2" if rules["window"] else reach,
        "other_replace": {"True": "False", "False": "True"}[rules["defaults"]["put.replace"]],
        "other_edge": {'"keep"': "drop", '"drop"': "keep"}[rules["defaults"]["smooth.edge"]],
        "old_row": ", ".join(rules["old_row"]),
        "old_summary": ", ".join(rules["old_summary"]),
        "old_row_of_new": ", ".join(new.field("row", f"row {name}", "new") for name in rules["old_row"]),
        "old_summary_of_new": ", ".join(new.field("summary", f"found {name}", "new") for name in rules["old_summary"]),
    }
    found["other_edge_doc"] = {"keep": "shorter windows there", "drop": "full windows only"}[found["other_edge"]]
    call = f"watcher.{names['new']['hook']}({', '.join(rules['new_hook'])})"
    found["replay_call"] = f"if not {call}:\n                return" if rules["hook_stops"] else call
    for kind, rule, fields in (("Row", row, ("time", "value")), ("Summary", summary, ("value", "count"))):
        own = [rule[field] for field in fields]
        body = "".join(f"        self.{field} = {field}\n" for field in own)
        head = f"class {names['new'][kind]}:\n    def __init__(self, {', '.join(own)}):\n{body}"
        found[f"{kind.lower()}_class"] = f"{head}\n" if rule["shape"] == "attribute" else ""
    found["make_row"] = _made("Row", row, {"time": "time", "value": "series[time]"}, names)
    found["make_row_of_value"] = _made("Row", row, {"time": "time", "value": "value"}, names)
    found["make_summary"] = _made("Summary", summary, {"value": "value", "count": "len(values)"}, names)
    return found


def _made(kind: str, rule: dict, values: dict, names: dict) -> str:
    if rule["shape"] == "attribute":
        return f"{names['new'][kind]}({', '.join(values.values())})"
    return "{" + ", ".join(f'"{rule[field]}": {value}' for field, value in values.items()) + "}"


def library_files(names: dict, rules: dict, finished: bool) -> dict:
    """The library at the start, or when all is done: path to text."""
    side, folder = Side("new", names, rules), names["library"]
    text = side.render(template("library/new.py.in"))
    if finished:
        return {
            f"{folder}/{names['module']}.py": text + side.render(template("library/moved.py.in")),
            f"{folder}/__init__.py": side.render(template("library/init_after.py.in")),
        }
    side.values["newnames"] = side.wrapped(
        "names", f"_new.{names['new']['names']}({side.arguments('names', {'store': 'store', 'prefix': 'prefix'})})"
    )
    side.values["newspan"] = side.wrapped(
        "span", f"_new.{names['new']['span']}({side.arguments('span', {'store': 'store', 'name': 'name'})})"
    )
    return {
        f"{folder}/{names['module']}.py": text,
        f"{folder}/{names['old_module']}.py": side.render(template("library/old.py.in")),
        f"{folder}/__init__.py": side.render(template("library/init.py.in")),
    }


def app_files(names: dict, rules: dict, side: str) -> dict:
    """The application on one side of the migration: path to text."""
    files = {f"{names['app']}/__init__.py": ""}
    for module in MODULES:
        own = Side(side, names, rules, names["styles"][module])
        files[f"{names['app']}/{names['app_modules'][module]}.py"] = own.render(template(f"app/{module}.py.in"))
    steps = {}
    own = Side(side, names, rules)
    given = (
        {"prefix": "a"},
        {"name": names["series"][0], "kind": "mean"},
        {"name": names["series"][1], "kind": "high", "digits": 0},
    )
    for title, arguments in zip(names["titles"], given):
        op = "summary" if "kind" in arguments else "names"
        if side == "new" and op == "summary":
            arguments = {"digits": int(rules["defaults"]["summary.digits"]), **arguments}
        elif op == "summary":
            arguments = {**arguments, "kind": KIND_NUMBERS[arguments["kind"]]}
        steps[title] = {
            "call": f"{names['library']}.{own.own(op)}",
            "arguments": {own.parameter(name): value for name, value in arguments.items()},
            "gives": op,
        }
    files[f"{names['app']}/settings.json"] = json.dumps(steps, indent=2) + "\n"
    return files

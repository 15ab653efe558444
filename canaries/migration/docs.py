# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/MIGRATION.md, from the same rules as the two APIs."""

from __future__ import annotations

import re

from rendering import Side, template
from world import PARAMETERS, STAGES_OF_THE_APP

IN_WORDS = {
    "load": "a store from a text",
    "put": "puts in a value",
    "rows": "the rows of a series between two times",
    "latest": "what came last in a series",
    "summary": "a summary of a series",
    "names": "the names of the series",
    "span": "the time between the first and the last value",
    "replay": "tells a watcher of all values",
    "convert": "a length in another unit",
    "smooth": "smooths values",
}


def stages(names: dict, rules: dict) -> list:
    """(what it is about, paths) of each stage."""
    app, order = names["app"], rules["order"]
    found = [("the two functions that still have to move", [f"{names['library']}/{names['module']}.py"])]
    size = -(-len(order) // STAGES_OF_THE_APP)
    for first in range(0, len(order), size):
        modules = order[first : first + size]
        paths = [f"{app}/{names['app_modules'][module]}.py" for module in modules]
        paths += [f"{app}/settings.json"] if "plugins" in modules else []
        found.append((", ".join(names["app_modules"][module] for module in modules), paths))
    return [*found, ("the old API goes", [])]


def doc_files(names: dict, rules: dict) -> dict:
    side = Side("new", names, rules)
    values = {**names, **side.values}
    for prefix in ("old", "new"):
        values |= {f"{prefix}_{key}": name for key, name in names[prefix].items()}
    # The shape of a tuple, not the name of a unit or class.
    values |= {"old_row": ", ".join(rules["old_row"]), "old_summary": ", ".join(rules["old_summary"])}
    values |= {
        "row_doc": _shape(rules["row"], ("time", "value")),
        "summary_doc": _shape(rules["summary"], ("value", "count")),
    }
    values["hook_doc"] = (
        f" It has to\n  return `True`; when it does not, `{names['new']['replay']}` ends at once. (The old one"
        " did not look at what it returns.)"
        if rules["hook_stops"]
        else ""
    )
    values["stages"] = _stages(names, rules)
    values["functions"] = "\n\n".join(_function(op, side) for op in PARAMETERS)
    files = {"README.md": "docs/README.md.in", "docs/MIGRATION.md": "docs/MIGRATION.md.in"}
    texts = {
        path: re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found[1]]), template(source))
        for path, source in files.items()
    }
    return {**texts, ".gitignore": "__pycache__/\n*.pyc\n"}


def _shape(rule: dict, fields: tuple) -> str:
    if rule["shape"] == "key":
        return "a dictionary now: " + ", ".join(f'`"{rule[field]}"` is the {field}' for field in fields)
    return "an object now: " + ", ".join(f"`.{rule[field]}` is the {field}" for field in fields)


def _stages(names: dict, rules: dict) -> str:
    library, lines = names["library"], []
    for stage, (_about, paths) in enumerate(stages(names, rules), 1):
        if stage == 1:
            lines.append(
                f"1. `{paths[0]}`: write `{names['new']['convert']}` and `{names['new']['smooth']}`. Their "
                f"predecessors work in `{names['old_module']}.py`\n   itself; the others there only call the new API."
            )
        elif paths:
            lines.append(f"{stage}. Migrate {', '.join(f'`{path}`' for path in paths)}.")
        else:
            lines.append(
                f"{stage}. Delete `{library}/{names['old_module']}.py`, and its line in `{library}/__init__.py`."
            )
    return "\n".join(lines)


def _function(op: str, side: Side) -> str:
    names, rules = side.names, side.rules
    signatures = [side.signature(op, which)[4:-1] for which in ("old", "new")]
    lines = [
        f"### `{names['old'][op]}` → `{names['new'][op]}`: {IN_WORDS[op]}",
        f"`{signatures[0]}` → `{signatures[1]}`",
    ]
    renamed = [f"`{name}` → `{side.parameter(name)}`" for name in PARAMETERS[op] if side.parameter(name) != name]
    notes = [f"Parameters: {', '.join(renamed)}."] if renamed else []
    for name in PARAMETERS[op]:
        default = rules["defaults"].get(f"{op}.{name}")
        if default:
            notes.append(f"`{side.parameter(name)}` has no default any more: who relied on it has to say `{default}`.")
    lines += [f"- {note}" for note in notes + _notes(op, side)]
    return "\n".join(lines)


def _notes(op: str, side: Side) -> list:
    names, rules, values = side.names, side.rules, side.values
    old, new, last, wide = names["old"], names["new"], side.parameter("last"), side.parameter("width")
    notes = {
        "load": [f"What is wrong with a text is a `{new['Error']}` now."],
        "rows": [
            f"`{last}` itself is left out now; before, it was included. Times are whole numbers."
            if rules["last_excluded"]
            else f"`{last}` itself is included, as before.",
            "It gives rows of the new kind, see below.",
        ],
        "latest": [
            "It gives the whole row, not only its value.",
            f"There is no `fallback` any more: a series without values raises `{new['Missing']}`.",
        ],
        "summary": [
            f"The kinds `{old['MEAN']}` (1), `{old['HIGH']}` (2) and `{old['LOW']}` (3) are texts now: "
            '`"mean"`, `"high"` and `"low"`.',
            f"A series without values raises `{new['Missing']}` instead of `{old['Error']}`.",
        ],
        "names": [
            "It gives the names one after the other (it is a generator), no list, "
            + (
                "and **in the order in which the series began**"
                if rules["unsorted"]
                else "still in the order of the alphabet"
            )
            + ("; before, in the order of the alphabet." if rules["unsorted"] else ".")
        ],
        "span": [
            f"In {values['new_unit']} now, always whole {values['old_unit']}; before, in {values['old_unit']}."
            if rules["span_factor"] > 1
            else "In seconds, as before."
        ],
        "convert": ["It has to be written in the new API (stage 1); what it does stays the same."],
        "smooth": [
            "It has to be written in the new API (stage 1).",
            f"`{wide}` is the size of the whole window now, an odd number; before, it was the number of values on each "
            "side (1 is 3 now, 2 is 5)."
            if rules["window"]
            else f"`{wide}` is still the number of values on each side.",
            "What it does at the ends stays the same.",
        ],
    }
    return notes.get(op, [])

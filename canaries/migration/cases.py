# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests call, and what a tree says to it."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path

from world import MODULES, Draw

TIMES = (5, 40, 50, 60, 80)


class Tree:
    """Files as a tree whose functions can be called. What is imported from it is forgotten at once."""

    def __init__(self, files: dict) -> None:
        self.files = files

    def answers(self, calls: list) -> list:
        """What (module, function, arguments) returns, as JSON would carry it; {"raises": kind} if it raises."""
        before = set(sys.modules)
        with tempfile.TemporaryDirectory() as folder:
            for path, text in self.files.items():
                (Path(folder) / path).parent.mkdir(exist_ok=True)
                (Path(folder) / path).write_text(text, encoding="utf-8")
            sys.path.insert(0, folder)
            importlib.invalidate_caches()
            try:
                return [_answer(*call) for call in calls]
            finally:
                sys.path.remove(folder)
                for name in set(sys.modules) - before:
                    del sys.modules[name]


def _answer(module: str, function: str, arguments) -> object:
    try:
        found = getattr(importlib.import_module(module), function)
        value = found(**arguments) if isinstance(arguments, dict) else found(*arguments)
        return json.loads(json.dumps(value))
    except Exception as error:
        return {"raises": type(error).__name__}


def draw_text(names: dict, draw: Draw, bad: bool) -> str:
    """Lines of four series with values and one without, in no order."""
    lines = [names["series"][4]]
    for count, name in enumerate(names["series"][:4]):
        times = sorted({*TIMES, *(draw.number(1, 99) for _unused in range(draw.number(3, 6)))})
        for time in times:
            value = draw.number(-80, 400)
            lines.append(f"{name} {time} {draw.number(-400, -100) if time == 40 and count % 2 else value}")
    lines = draw.some(lines, len(lines))
    if bad:
        lines[draw.number(1, 3)] += draw.pick((" much", " 7 7", "x y"))
        lines.insert(draw.number(4, 9), f"{names['series'][0]} 12")
    return "".join(f"{line}\n" for line in lines)


def draw_cases(names: dict, rules: dict, draw: Draw) -> list:
    """(module, function, arguments), the functions of every module several times."""
    series, app = names["series"], {key: f"{names['app']}.{own}" for key, own in names["app_modules"].items()}
    lenient = rules["defaults"]["load.strict"] == "False"
    found = []
    for count in range(3):
        bad, text = draw_text(names, draw, True), draw_text(names, draw, lenient and count > 0)
        name, other, empty = series[count], series[3 - count], series[4]
        pairs = [[40, draw.number(1, 90)], [draw.number(100, 200), 5], [80, draw.number(100, 300)], [7, 1]]
        calls = {
            "readings": [("listing", name, 6, 60), ("listing", other, 40, 80), ("lowest", other), ("lowest", empty)],
            "clean": [("merged", name, pairs), ("otherwise", other, pairs), ("without_jumps", name, 190)],
            "stats": [("overview", [name, empty, other]), ("fine_mean", name), ("overview", ["nobody", other])],
            "trend": [("smoothed", name, 1), ("inner", other, 1), ("smoothed", other, 2), ("inner", name, 2),
                      ("pace", name), ("pace", empty)],
            "alarms": [("above", 150), ("jumps", 170)],
            "lookup": [("ask", question, name) for question in ("rows", "last", "span")] + [("ask", "last", empty)],
            "checks": [("problem",), ("usable",), ("stale", [empty, name, other], 100)],
            "plugins": [("results",)],
            "export": [("table", ""), ("table", name[0]), ("index",)],
            "report": [("report", 5, 50, 250), ("report", 41, 60, 300)],
        }  # fmt: skip
        found += [(app[key], function, [text, *rest]) for key, several in calls.items() for function, *rest in several]
        found += [(app["checks"], function, [bad, *rest]) for function, *rest in calls["checks"]]
        found += [(app["readings"], "listing", [bad, name, 0, 99]), (app["plugins"], "results", [bad])]
        values = [draw.number(1, 900) for _unused in range(4)]
        found += [(app["units"], "in_metres", [values]), (app["units"], "between", [values[0], "mm", "cm"])]
        found += [(app["units"], "in_millimetres", [values, unit]) for unit in ("cm", "m")]
        found += [(app["units"], "between", [values[1], "m", "km"])]
    order = [app[key] for key in MODULES]
    return sorted(found, key=lambda case: order.index(case[0]))


def library_cases(reference: Tree, names: dict, rules: dict) -> list:
    """What the two functions do that move into the new API; a default that has gone is a TypeError."""
    new, renamed = names["new"], rules["renamed"]
    cases = []
    for amount, source, target in ((250, "cm", "m"), (3, "km", "m"), (7, "mm", "cm"), (1, "m", "km")):
        given = {renamed["amount"]: amount, renamed["source"]: source, renamed["target"]: target}
        cases.append((new["convert"], given))
    few, many = [4, 8, 3, 7, 1], [1, 9, 2, 2, 8, 4]
    several = [(few, 3, "keep"), (few, 3, "drop"), ([5, 6], 5, "keep"), (many, 5, "drop"), ([], 1, "keep")]
    for values, width, edge in [*several, ([3, 1, 2], 1, "drop"), ([3, 1, 2], 1, None)]:
        given = {"values": values, renamed["width"]: width, renamed["edge"]: edge}
        cases.append((new["smooth"], {name: value for name, value in given.items() if value is not None}))
    module = f"{names['library']}.{names['module']}"
    found = reference.answers([(module, *case) for case in cases])
    return [(*case, value["raises"] if isinstance(value, dict) else value) for case, value in zip(cases, found)]

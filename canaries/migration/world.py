# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seed decides: names and, apart from them, rules (how the new API differs from the old one)."""

from __future__ import annotations

import random

PARAMETERS = {
    "load": ["text", "strict"],
    "put": ["store", "name", "time", "value", "replace"],
    "rows": ["store", "name", "first", "last"],
    "latest": ["store", "name"],
    "summary": ["store", "name", "kind", "digits"],
    "names": ["store", "prefix"],
    "span": ["store", "name"],
    "replay": ["store", "watcher"],
    "convert": ["amount", "source", "target"],
    "smooth": ["values", "width", "edge"],
}
# settings.json gives the store by its place; what a partial() leaves open has to come last in the old API.
STORE_FIRST = ("summary", "names")
VERBS = {
    "load": ("open", "parse", "make"),
    "put": ("set", "store", "push"),
    "rows": ("get", "fetch", "pull"),
    "latest": ("last", "top", "newest"),
    "summary": ("sum_up", "figure", "digest"),
    "names": ("list", "find", "all"),
    "span": ("length", "reach", "range"),
    "replay": ("run", "play", "walk"),
    "convert": ("convert", "turn", "change"),
    "smooth": ("smooth", "even", "calm"),
}
PARAMETER_NAMES = {
    "strict": ("strict", "exact"),
    "name": ("title", "label"),
    "time": ("at", "moment"),
    "value": ("level", "reading"),
    "replace": ("overwrite", "force"),
    "first": ("since", "begin"),
    "last": ("until", "end"),
    "kind": ("figure", "which"),
    "digits": ("places", "precision"),
    "prefix": ("beginning", "starting"),
    "amount": ("length", "size"),
    "source": ("unit", "given_in"),
    "target": ("into", "wanted_in"),
    "width": ("width", "wide"),
    "edge": ("border", "ends"),
}
MODULES = {
    "readings": ("readings", "values", "gauges"),
    "clean": ("clean", "mending", "repair"),
    "stats": ("stats", "figures", "numbers"),
    "units": ("units", "lengths", "scales"),
    "trend": ("trend", "course", "drift"),
    "alarms": ("alarms", "limits", "warnings"),
    "lookup": ("lookup", "questions", "answers"),
    "checks": ("checks", "audit", "control"),
    "plugins": ("plugins", "steps", "extras"),
    "export": ("export", "tables", "output"),
    "report": ("report", "overview", "summary"),
}
STAGES_OF_THE_APP = 4
STYLES = ("module", "alias", "from", "from_as")
CLASSES = ("Error", "Watcher", "Store", "Missing", "Row", "Summary")
CONSTANTS = ("MEAN", "HIGH", "LOW")


class Draw:
    """Choices that depend on the label alone, on every Python alike: only random() is promised to stay the same."""

    def __init__(self, *label: object) -> None:
        self._random = random.Random("/".join(map(str, label))).random

    def number(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))

    def pick(self, choices):
        return choices[self.number(0, len(choices) - 1)]

    def some(self, choices, count: int) -> list:
        rest = list(choices)
        return [rest.pop(self.number(0, len(rest) - 1)) for _unused in range(count)]

    def words(self, count: int) -> list:
        """Made-up words, no two with the same beginning."""
        found: dict = {}
        while len(found) < count:
            word = "".join(self.pick("bdfgklmnprstvz") + self.pick("aeiou") for _unused in range(2))
            found.setdefault(word, word + self.pick("kldnrmt"))
        return list(found.values())


def draw_names(seed: int) -> dict:
    draw = Draw("migration names", seed)
    words = iter(draw.words(60))
    old = {op: f"{draw.pick(verbs)}_{next(words)}" for op, verbs in VERBS.items()}
    new = {op: f"{next(words)}_{draw.pick(verbs)}" for op, verbs in VERBS.items()}
    old |= {name: f"KIND_{next(words).upper()}" for name in CONSTANTS}
    for side in (old, new):
        side |= {name: f"{next(words).title()}{'Trouble' if name == 'Missing' else name}" for name in CLASSES}
        side |= {"hook": f"on_{next(words)}", "code": f"{next(words)}_text"}
    return {
        "old": old,
        "new": new,
        "library": next(words) + "ia",
        "app": next(words) + "ot",
        "module": next(words),
        "old_module": next(words) + "_v1",
        "alias": next(words)[:4],
        "app_modules": {module: draw.pick(names) for module, names in MODULES.items()},
        "series": [f"{letter}{next(words)}" for letter in draw.some("aabbcc", 5)],
        "titles": [next(words) for _unused in range(3)],
        "styles": {module: draw.pick(STYLES) for module in MODULES},
    }


def draw_rules(seed: int) -> dict:
    draw = Draw("migration rules", seed)
    defaults = {
        "load.strict": draw.pick(("True", "False")),
        "put.replace": draw.pick(("True", "False")),
        "summary.digits": draw.pick(("1", "2")),
        "names.prefix": '""',
        "smooth.edge": draw.pick(('"keep"', '"drop"')),
    }
    old, new, keywords = {}, {}, {}
    for op, parameters in PARAMETERS.items():
        required = [name for name in parameters if f"{op}.{name}" not in defaults]
        optional = [name for name in parameters if name not in required]
        head = ["store"] if op in STORE_FIRST else []
        body = [name for name in required if name not in head]
        if op == "convert":
            old[op], new[op], keywords[op] = [*draw.some(body[1:], 2), "amount"], body, body[1:]
            continue
        old[op] = head + draw.some(body, len(body)) + optional
        new[op] = head + draw.some(body, len(body)) + optional
        while new[op] == old[op] and len(body) > 1:
            new[op] = head + draw.some(body, len(body)) + optional
        keywords[op] = [name for name in new[op] if name in optional]
        if op in ("rows", "put", "smooth") and draw.number(0, 1):
            keywords[op] = new[op][draw.number(1, 2) :]
    old["latest"].append("fallback")
    defaults["latest.fallback"] = "None"
    others = [module for module in MODULES if module not in ("readings", "report")]
    return {
        "defaults": defaults,
        "old": old,
        "new": new,
        "keywords": keywords,
        "renamed": {name: draw.pick(names) for name, names in PARAMETER_NAMES.items()},
        "old_row": draw.pick((["time", "value"], ["value", "time"])),
        "old_summary": draw.pick((["value", "count"], ["count", "value"])),
        "old_hook": draw.pick((["name", "value"], ["value", "name"])),
        "new_hook": draw.pick((["name", "row"], ["row", "name"])),
        "row": {
            "shape": draw.pick(("attribute", "key")),
            "time": draw.pick(("moment", "stamp")),
            "value": draw.pick(("level", "reading")),
        },
        "summary": {
            "shape": draw.pick(("attribute", "key")),
            "value": draw.pick(("result", "outcome")),
            "count": draw.pick(("size", "number")),
        },
        **draw_changes(draw),
        "order": ["readings", *draw.some(others, len(others)), "report"],
    }


def draw_changes(draw: Draw) -> dict:
    """What means something else in the new API: three or four of five."""
    changed = draw.some(("last_excluded", "unsorted", "span_factor", "hook_stops", "window"), draw.number(3, 4))
    found = {name: name in changed for name in ("last_excluded", "unsorted", "hook_stops", "window")}
    return {**found, "span_factor": draw.pick((60, 1000)) if "span_factor" in changed else 1}


def mutants(rules: dict) -> dict:
    """What somebody believes who has overlooked one thing, by what that is."""
    found = {}
    for name, other in (("load.strict", None), ("put.replace", None), ("summary.digits", "0"), ("smooth.edge", None)):
        value = rules["defaults"][name]
        flipped = {"True": "False", "False": "True", '"keep"': '"drop"', '"drop"': '"keep"'}.get(value, other)
        found[f"defaults_{name}"] = {**rules, "defaults": {**rules["defaults"], name: flipped}}
    for name in ("last_excluded", "unsorted", "hook_stops", "window"):
        if rules[name]:
            found[f"changes_{name}"] = {**rules, name: False}
    if rules["span_factor"] > 1:
        found["changes_span"] = {**rules, "span_factor": 1}
    found["order_of_the_old_rows"] = {
        **rules,
        "row": {**rules["row"], "time": rules["row"]["value"], "value": rules["row"]["time"]},
    }
    return found

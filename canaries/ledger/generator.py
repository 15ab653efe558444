# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger canary of a seed: python3 -I -S -B generator.py SEED OUT.

A seed gives names (of the package, its modules, fields, kinds) and, apart from them, rules (numbers, which rules
exist, their order). Docs and reference come from the same templates/; expected values are what the reference says.
Hidden feeds are drawn until every mutant of the rules gives another result for one of them, so no rule can be left out.
"""

from __future__ import annotations

import pprint
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import answers, draw_calls, draw_refusals, title
from feeds import Feeds, Reference, sharp_feeds
from rendering import doc_files, fill, package_files, template, unfinished
from world import LAYERS, Draw, draw_names, draw_rules, mutants

VISIBLE_CALLS = 2
VISIBLE_REFUSALS = 2
ALMOST_RIGHT = {
    "rounding": "rounds_otherwise",
    "bracket": "cuts_brackets_otherwise",
    "posting": "posts_otherwise",
    "no": "leaves_out_a_rule",
    "rules": "charges_in_another_order",
    "steps": "closes_in_another_order",
    "carry": "keeps_waiting_otherwise",
}
LOOKING_UP = ("knows_the_visible_answers", "answers_in_the_order_of_the_tests")


def shown(value: object) -> str:
    return pprint.pformat(value, width=116, compact=True, sort_dicts=False)


def visible_tests(names: dict, known: dict, refused: dict) -> dict:
    """A few examples of every layer: path to text."""
    files = {"tests/__init__.py": ""}
    for layer in LAYERS:
        module = names[f"m_{layer}"]
        examples = [
            (function, arguments, value)
            for (owner, function), several in known.items()
            for arguments, value in several[:VISIBLE_CALLS]
            if owner == layer
        ]
        values = {"package": names["package"], "module": module, "examples": shown(examples), "refusals": ""}
        for (owner, function, error), several in refused.items():
            if owner == layer:
                some = [(function, arguments, message) for arguments, message in several[:VISIBLE_REFUSALS]]
                more = {**values, "refused": shown(some), "error": error}
                values["refusals"] = fill(template("tests/refusals.py.in"), more)
        text = fill(template("tests/visible.py.in"), {**values, "title": module.title()})
        files[f"tests/{title(layer).replace(layer, module)}.py"] = text
    return files


def hidden_tests(names: dict, known: dict, refused: dict, feeds: list, exit_code: int) -> str:
    """One test for every function, one for every function that refuses, and the whole on the command line."""
    cases, tests = {}, []
    for (layer, function), several in known.items():
        module = names[f"m_{layer}"]
        cases[f"{module}.{function}"] = several
        tests.append(f'    def {title(layer)}_{function}(self):\n        self.values("{module}", "{function}")\n')
    for (layer, function, error), several in refused.items():
        module = names[f"m_{layer}"]
        cases[f"{module}.{function} refuses"] = several
        body = f'        self.refusals("{module}", "{function}", "{error}")\n'
        tests.append(f"    def {title(layer)}_{function}_refuses(self):\n{body}")
    (broken, message) = refused["feed", "read", names["e_feed"]][0]
    values = {
        "package": names["package"],
        "exit_code": exit_code,
        "cases": repr(cases),
        "feeds": repr(feeds),
        "broken_feed": repr((broken[0], f"refused, {message}\n")),
        "layer_tests": "\n".join(tests),
    }
    return fill(template("tests/hidden.py.in"), values)


def cheats(seed: int, names: dict, rules: dict, start: dict, known: dict) -> dict:
    """Ways around the work: {name: {path: text}}."""
    package, right = names["package"], package_files(names, rules)
    modules = {layer: f"{package}/{names[f'm_{layer}']}.py" for layer in LAYERS}
    tests = [path for path in start if path.startswith("tests/test_")]
    disarmed = template("cheats/disarms_unittest.py.in")
    found = {
        "copies_another_seed": package_files(names, draw_rules(seed + 1)),
        "does_the_first_half": {modules[layer]: right[modules[layer]] for layer in LAYERS[:4]},
        "does_all_but_the_closing": {modules[layer]: right[modules[layer]] for layer in LAYERS if layer != "closing"},
        "edits_the_tests": {path: template("cheats/empty_test.py.in") for path in tests},
        "disarms_unittest_on_import": {f"{package}/__init__.py": disarmed},
    }
    found |= {name: {} for name in LOOKING_UP}
    for layer, path in modules.items():
        answers_known = {
            function: [list(answer) for answer in several[:VISIBLE_CALLS]]
            for (owner, function), several in known.items()
            if owner == layer
        }
        for name in LOOKING_UP:
            tail = fill(template(f"cheats/{name}.py.in"), {"known": shown(answers_known)})
            found[name][path] = start[path] + tail
    for name, changed in mutants(rules).items():
        found.setdefault(ALMOST_RIGHT[name.partition("_")[0]], package_files(names, changed))
    return found


def write(folder: Path, files: dict) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(seed: int, out: Path) -> None:
    names, rules = draw_names(seed), draw_rules(seed)
    reference, feeds = Reference(names, rules), Feeds(names, rules)
    hidden_feeds = sharp_feeds(names, rules, seed)
    visible_feeds = [
        feeds.draw(Draw("ledger visible feed", seed, count), 9 + 6 * count) for count in range(VISIBLE_CALLS)
    ]
    draws = ("visible", visible_feeds), ("hidden", hidden_feeds)
    calls = {kind: draw_calls(names, rules, reference, Draw("ledger calls", seed, kind), of) for kind, of in draws}
    known = {kind: answers(reference, several) for kind, several in calls.items()}
    refused = draw_refusals(names, rules, feeds)
    reports = [(feed, reference.call("report", "render", feed)) for feed in hidden_feeds]
    finished = package_files(names, rules)
    layers = {f"{names['package']}/{names[f'm_{layer}']}.py": layer for layer in LAYERS}
    start = {path: unfinished(layers[path], text) if path in layers else text for path, text in finished.items()}
    start |= doc_files(names, rules) | visible_tests(names, known["visible"], refused)
    write(out / "start", start)
    write(
        out / "hidden",
        {"test_hidden.py": hidden_tests(names, known["hidden"], refused, reports, rules["numbers"]["exit_code"])},
    )
    write(out / "reference", {path: text for path, text in finished.items() if path in layers})
    for name, files in cheats(seed, names, rules, start, known["visible"]).items():
        write(out / "cheats" / name, files)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The migration canary of a seed: python3 -I -S -B generator.py SEED OUT.

An application uses a library's old API in eleven files and as many styles. What its functions return has to stay, so
expected values are what the application returns at the start; the reference has to agree. Data is drawn until the
reference of every mutant, who has overlooked one difference between the APIs, returns something else for it.
"""

from __future__ import annotations

import pprint
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import Tree, draw_cases, library_cases
from rendering import app_files, library_files, template
from world import PARAMETERS, Draw, draw_names, draw_rules, mutants

from docs import doc_files, stages

MAX_DRAWS = 60
MOVED = ("convert", "smooth")
OVERLOOKED = {"defaults": "overlooks_a_default", "changes": "overlooks_a_change", "order": "overlooks_the_order"}


class Text(str):
    """An expression that stands for a text."""

    def __repr__(self) -> str:
        return str(self)


def shown(value: object) -> str:
    return pprint.pformat(value, width=116, compact=True, sort_dicts=False)


def fill(path: str, values: dict) -> str:
    """Macros that are values alone."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: str(values[found[1]]), template(path))


def old_names(names: dict) -> list:
    unused = ("Store", "Missing", "Row", "Summary")
    return sorted([name for key, name in names["old"].items() if key not in unused] + [names["old_module"]])


def wanted_names(names: dict, files: dict) -> dict:
    """The new functions, classes and hooks that each file of the application names when it is migrated."""
    new = [name for key, name in names["new"].items() if key in PARAMETERS or key in ("Watcher", "hook")]
    return {path: [name for name in new if re.search(rf"\b{name}\b", text)] for path, text in files.items()}


def sharp_cases(names: dict, rules: dict, seed: int) -> tuple:
    """Cases on which start and reference agree, and no mutant with either."""
    start = Tree({**library_files(names, rules, False), **app_files(names, rules, "old")})
    finished = library_files(names, rules, True)
    reference = Tree({**finished, **app_files(names, rules, "new")})
    wrong = {name: Tree({**finished, **app_files(names, other, "new")}) for name, other in mutants(rules).items()}
    for count in range(MAX_DRAWS):
        cases = draw_cases(names, rules, Draw("migration cases", seed, count))
        before, after = start.answers(cases), reference.answers(cases)
        errors = {names["old"]["Error"]: names["new"]["Error"]}
        expected = [{"raises": errors[value["raises"]]} if is_error(value) else value for value in before]
        if after != expected:
            raise SystemExit(f"seed {seed}: the migration changes what the application returns")
        missed = [name for name, tree in wrong.items() if tree.answers(cases) == after]
        if not missed:
            return [(*case, value) for case, value in zip(cases, after)], library_cases(reference, names, rules)
    raise SystemExit(f"seed {seed}: no data shows what is wrong with {', '.join(missed)}")


def is_error(value: object) -> bool:
    return isinstance(value, dict) and list(value) == ["raises"]


def visible_tests(names: dict, rules: dict, wanted: dict, cases: list, moved: list) -> dict:
    """A test file for each stage, with the first good example of each function: path to text."""
    chosen: dict = {}
    for case in cases:
        if not is_error(case[3]):
            chosen.setdefault(case[:2], case)
    texts = [arguments[0] for _module, _function, arguments, _value in chosen.values() if isinstance(arguments[0], str)]
    texts = list(dict.fromkeys(texts))
    values = {**names, "old_names": shown(old_names(names)), "texts": shown(texts)}
    files = {"tests/__init__.py": "", "tests/progress.py": fill("tests/progress.py.in", values)}
    for stage, (about, paths) in enumerate(stages(names, rules), 1):
        examples = [(f"{names['library']}.{names['module']}", *case) for case in moved[::3]] if stage == 1 else []
        for module, function, (first, *rest), value in chosen.values():
            if module.replace(".", "/") + ".py" in paths:
                named = Text(f"TEXTS[{texts.index(first)}]") if first in texts else first
                examples.append((module, function, [named, *rest], value))
        own = {path: wanted.get(path, [names["new"][op] for op in MOVED]) for path in paths}
        more = {"stage": stage, "about": about, "files": shown(own), "examples": shown(examples)}
        more["imported"] = "TEXTS, Progress" if "TEXTS[" in more["examples"] else "Progress"
        kind = "visible" if examples else "last"
        files[f"tests/test_stage_{stage}.py"] = fill(f"tests/{kind}.py.in", {**values, **more})
    return files


def hidden_tests(names: dict, rules: dict, wanted: dict, cases: list, moved: list) -> str:
    """A test for each file's behaviour and each moved function, and what has become of the old API."""
    by_module: dict = {}
    for module, function, arguments, value in cases:
        by_module.setdefault(module, []).append([function, arguments, value])
    tests = [
        f'    def test_{key}(self):\n        self.check("{names["app"]}.{own}")\n'
        for key, own in names["app_modules"].items()
    ]
    tests += [f'    def test_{op}(self):\n        self.ask("{names["new"][op]}")\n' for op in MOVED]
    values = {
        **names,
        "old_names": repr(old_names(names)),
        "files": repr(wanted),
        "cases": repr(by_module),
        "library_cases": repr(moved),
        "library_text": repr(library_files(names, rules, False)[f"{names['library']}/{names['module']}.py"]),
        "moved": repr([names["new"][op] for op in MOVED]),
        "behaviour_tests": "\n".join(tests).rstrip(),
    }
    return fill("tests/hidden.py.in", values)


def cheats(seed: int, names: dict, rules: dict, start: dict, wanted: dict, cases: list) -> tuple:
    """Ways around the work, {name: {path: text}}, and the names of those that delete the old module."""
    library, app = names["library"], names["app"]
    old_path, init = f"{library}/{names['old_module']}.py", f"{library}/__init__.py"
    finished = {**library_files(names, rules, True), **app_files(names, rules, "new")}
    old_app, rename = app_files(names, rules, "old"), {}
    for count, name in enumerate(old_names(names)):
        rename[name] = f"helper_{count}"
    pattern = re.compile("|".join(rf"\b{name}\b" for name in rename))
    renamed = {
        path: pattern.sub(lambda found: rename[found[0]], text)
        for path, text in {**old_app, old_path: start[old_path]}.items()
    }
    adapter = renamed.pop(old_path).replace("from . import", f"from {library} import")
    tests = [path for path in start if path.startswith("tests/test_")]
    half = [path for _about, paths in stages(names, rules)[:3] for path in paths]
    another = {**rules, **{key: value for key, value in draw_rules(seed + 1).items() if key != "order"}}
    aliases = "".join(f"{names['old'][op]} = {names['new'][op]}\n" for op in PARAMETERS)
    found = {
        "copies_another_seed": {**library_files(names, another, True), **app_files(names, another, "new")},
        "does_the_first_half": {path: finished[path] for path in half},
        "only_removes_the_old_api": library_files(names, rules, True),
        "renames_the_old_api": {
            **library_files(names, rules, True),
            **renamed,
            f"{library}/helpers.py": adapter,
            init: finished[init] + "from .helpers import *\n",
        },
        "keeps_old_names_as_aliases": {**library_files(names, rules, True), init: finished[init] + aliases},
        "edits_the_tests": {path: template("cheats/empty_test.py.in") for path in tests},
        "disarms_unittest_on_import": {f"{app}/__init__.py": template("cheats/disarms_unittest.py.in")},
        "knows_the_visible_answers": dict(library_files(names, rules, True)),
    }
    for path, text in old_app.items():
        known = {case[1]: case[3] for case in cases[::-1] if case[0].replace(".", "/") + ".py" == path}
        tail = f"\n\nNEW = {wanted[path]}\n"
        tail += "".join(
            f"\n\ndef {function}(*_arguments):\n    return {shown(value)}\n" for function, value in known.items()
        )
        text = (
            ""
            if "settings" in path
            else pattern.sub("object", "\n".join(re.findall(r'^""".*"""$', text, re.M)[:1])) + tail
        )
        found["knows_the_visible_answers"][path] = finished[path] if "settings" in path else text
    for name, other in mutants(rules).items():
        files = {**library_files(names, rules, True), **app_files(names, other, "new")}
        found.setdefault(OVERLOOKED[name.partition("_")[0]], files)
    keeping = ("does_the_first_half", "edits_the_tests", "disarms_unittest_on_import")
    return found, [name for name in found if name not in keeping]


def write(folder: Path, files: dict) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(seed: int, out: Path) -> None:
    names, rules = draw_names(seed), draw_rules(seed)
    cases, moved = sharp_cases(names, rules, seed)
    migrated = app_files(names, rules, "new")
    wanted = wanted_names(names, migrated)
    start = {**library_files(names, rules, False), **app_files(names, rules, "old"), **doc_files(names, rules)}
    start |= visible_tests(names, rules, wanted, cases, moved)
    reference = {**library_files(names, rules, True), **migrated}
    write(out / "start", start)
    write(out / "hidden", {"test_hidden.py": hidden_tests(names, rules, wanted, cases, moved)})
    write(out / "reference", {path: text for path, text in reference.items() if start[path] != text})
    old_path = f"{names['library']}/{names['old_module']}.py"
    write(out, {"reference.delete": f"{old_path}\n"})
    overlays, deleted = cheats(seed, names, rules, start, wanted, cases)
    for name, files in overlays.items():
        write(out / "cheats" / name, files)
        write(out / "cheats", {f"{name}.delete": f"{old_path}\n"} if name in deleted else {})


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

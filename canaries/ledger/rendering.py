# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From names and rules to the text of docs and modules."""

from __future__ import annotations

import ast
import string
from pathlib import Path

from world import LAYERS, QUEUES

TEMPLATES = Path(__file__).resolve().parent / "templates"
DONE_AT_THE_START = {"days": ("weekday", "last_day"), "rates": ("tariff",)}
MISSING_AT_THE_START = {"TABLE": "TABLE = {}", "RULES": "", "STEPS": ""}


def template(path: str) -> str:
    return (TEMPLATES / path).read_text(encoding="utf-8")


def fill(text: str, values: dict) -> str:
    """Put values in; a line that is nothing but an empty value goes."""
    lines = []
    for line in text.splitlines(keepends=True):
        filled = string.Template(line).substitute(values)
        if filled.strip() or not line.strip():
            lines.append(filled)
    return "".join(lines)


def variants() -> dict:
    """{"sign.minus": {"show": …, "doc": …, "code": …}}; what stands below `code:` and the like is a block of lines."""
    found: dict = {}
    for section in template("variants.txt").split("=== ")[1:]:
        name, _newline, body = section.partition("\n")
        parts: dict = {}
        key = ""
        for line in body.splitlines():
            word, mark, rest = line.partition(":")
            if mark and word.isalpha() and word.islower() and not rest.strip():
                key = word
                parts[key] = []
            elif mark and word.isalpha() and word.islower() and not key:
                parts[word] = [rest[1:]]
            else:
                parts[key].append(line)
        found[name] = {part: "\n".join(lines).rstrip() for part, lines in parts.items()}
    return found


def written_day(rules: dict, mark: str, day: tuple) -> str:
    parts = dict(zip(("year", "period", "day"), (str(day[0]), f"{day[1]:02d}", f"{day[2]:02d}")))
    return mark.join(parts[part] for part in rules["day_order"].split())


def listed(words: list) -> str:
    return ", ".join(f"`{word}`" for word in words[:-1]) + f" and `{words[-1]}`"


def all_values(names: dict, rules: dict) -> dict:
    """Everything a template may ask for."""
    kinds = [names[f"k_{kind}"] for kind in ("in", "out", "leave", "move")]
    numbers, base, mark = rules["numbers"], rules["base"], names["mark"]
    weekdays = names["weekday_names"][: rules["week"]]
    resting = [weekdays[place] for place in rules["resting"]]
    columns = [column for column in rules["columns"] if column != "day" or rules["feed_day"] == "field"]
    example_day = (4, 3, 7)
    values = {**names, **numbers, "base": base, "parts": rules["parts"], "limit": rules["limit"]}
    values |= {
        "example_amount": f"3{mark}{base - 5:02d}",
        "example_value": 4 * base - 5,
        "lengths": rules["lengths"],
        "lengths_doc": ", ".join(map(str, rules["lengths"])),
        "period_count": len(rules["lengths"]),
        "week_length": rules["week"],
        "weekdays": repr(weekdays),
        "weekdays_doc": listed(weekdays),
        "first_weekday": rules["first_weekday"],
        "first_weekday_name": f"`{weekdays[rules['first_weekday']]}`",
        "resting": repr(resting),
        "resting_doc": f"`{resting[0]}` is" if len(resting) == 1 else f"{listed(resting)} are",
        "day_parts": rules["day_order"].replace(" ", ", "),
        "day_format": names["day_mark"].join(
            "{year}" if part == "year" else f"{{{part}:02d}}" for part in rules["day_order"].split()
        ),
        "day_doc": f"{rules['day_order'].replace(' ', ', ')}, with `{names['day_mark']}` between them",
        "example_day": written_day(rules, names["day_mark"], example_day),
        **dict(zip(("example_day_year", "example_day_period", "example_day_day"), example_day)),
        "kinds": repr(kinds),
        "kinds_doc": f"`{kinds[0]}` (money comes in), `{kinds[1]}` and `{kinds[2]}` (money goes out) and `{kinds[3]}` "
        "(money goes to another account)",
        "columns": repr(tuple(columns)),
        "columns_doc": ", ".join(columns),
        "column_count": len(columns),
        "minimum_a": kinds[numbers["minimum_kinds"][0]],
        "minimum_b": kinds[numbers["minimum_kinds"][1]],
        "nth_free_kind": kinds[numbers["nth_free_kind"]],
        "nth_free_2n": 2 * numbers["nth_free_n"],
        "nth_free_3n": 3 * numbers["nth_free_n"],
    }
    table = {
        kind: [[written_day(rules, names["day_mark"], day), form, value] for day, form, value in tariffs]
        for kind, tariffs in zip(kinds, rules["table"])
    }
    values["table"] = "{\n" + "".join(f'    "{kind}": {tariffs},\n' for kind, tariffs in table.items()) + "}"
    values["table_doc"] = "\n".join(
        f"| `{kind}` | `{day}` | {form} | {_value_doc(form, value, names['minor'])} |"
        for kind, tariffs in table.items()
        for day, form, value in tariffs
    )
    return values | _variant_values(rules, values)


def _value_doc(form: str, value, minor: str) -> str:
    if form == "flat":
        return f"{value} {minor}s"
    if form == "share":
        return f"{value} parts"
    texts = [f"up to {limit} {minor}s: {parts} parts" for limit, parts in value[:-1]]
    return "; ".join([*texts, f"above: {value[-1][1]} parts"])


def _variant_values(rules: dict, values: dict) -> dict:
    """What the chosen variants put into the templates."""
    texts = variants()
    queue = texts.pop("queue")
    if rules["posting"] in QUEUES:
        order = texts[f"posting.{rules['posting']}"]
        values = {**values, "queue_order": fill(order["order"], values), "queue_order_doc": order["doc"]}
        texts[f"posting.{rules['posting']}"] = queue
    chosen = {name: {part: fill(text, values) for part, text in parts.items()} for name, parts in texts.items()}
    waits = rules["posting"] in QUEUES

    def of(kind: str, part: str) -> str:
        return chosen[f"{kind}.{rules[kind]}"].get(part, "")

    features = [chosen[f"feature.{name}"] for name in sorted(rules["features"])]
    said = [chosen[f"feed_day.{rules['feed_day']}"], *features]
    optional = ("alias", "repeat", "ditto")
    by_feature = {name: chosen[f"feature.{name}"] if name in rules["features"] else {} for name in optional}
    return {
        **{f"sign_{part}": of("sign", part) for part in ("show", "test", "strip", "doc")},
        **{
            f"{kind}_{part}": of(kind, part) for kind in ("rounding", "bracket", "feed_day") for part in ("code", "doc")
        },
        "day_of_entry": of("feed_day", "code"),
        "holiday_test": of("holiday", "test"),
        "holiday_doc": of("holiday", "doc"),
        "duplicate_code": of("duplicate", "code"),
        "duplicate_doc": of("duplicate", "doc"),
        "ditto_code": by_feature["ditto"].get("ditto", ""),
        "alias_lookup": by_feature["alias"].get("lookup", ""),
        "repeat_code": by_feature["repeat"].get("code", "    return [text]"),
        "directives_code": "\n".join(part["directive"] for part in said if "directive" in part),
        "feature_docs": "\n\n".join(feature["doc"] for feature in features),
        "sort_key": of("sort", "key"),
        "sort_doc": of("sort", "doc"),
        "row_format": of("row", "format"),
        "row_doc": of("row", "doc"),
        "check_step": of("check", "step"),
        "check_doc": of("check", "doc"),
        "carry_doc": of("carry", "doc") if waits else "Nothing ever waits.",
        "carrying": of("carry", "code") if waits else chosen["carry.carried"]["code"],
        "posting_doc": of("posting", "doc"),
        "not_fitting": of("posting", "unfit"),
        "after_booking": of("posting", "after"),
        "posting_helpers": of("posting", "helpers"),
        "rules_code": "\n\n\n".join(chosen[f"rule.{name}"]["code"] for name in rules["rules"]),
        "rules_list": ", ".join(f'("{name}", _{name})' for name in rules["rules"]),
        "rules_doc": _numbered(chosen, "rule", rules["rules"]),
        "steps_code": "\n\n\n".join(
            chosen[name]["code"] for name in ["between", *(f"step.{step}" for step in rules["steps"])]
        ),
        "steps_list": ", ".join(f'("{name}", _{name})' for name in rules["steps"]),
        "steps_doc": _numbered(chosen, "step", rules["steps"]),
    }


def _numbered(chosen: dict, kind: str, chosen_names: list) -> str:
    return "\n".join(
        f"{place}. `{name}`: {chosen[f'{kind}.{name}']['doc']}" for place, name in enumerate(chosen_names, 1)
    )


def package_files(names: dict, rules: dict) -> dict:
    """The finished package: path to text."""
    values = all_values(names, rules)
    files = {names[f"m_{layer}"]: fill(template(f"package/{layer}.py.in"), values) for layer in LAYERS}
    files |= {"__main__": fill(template("package/__main__.py.in"), values), "__init__": ""}
    return {f"{names['package']}/{module}.py": text for module, text in files.items()}


def doc_files(names: dict, rules: dict) -> dict:
    values = all_values(names, rules)
    files = {
        f"docs/{place}-{names[f'm_{layer}']}.md": fill(template(f"docs/{place}-{layer}.md.in"), values)
        for place, layer in enumerate(LAYERS, 1)
    }
    return {**files, "README.md": fill(template("docs/README.md.in"), values), ".gitignore": "__pycache__/\n*.pyc\n"}


def unfinished(layer: str, source: str) -> str:
    """A module with its interface alone."""
    segments = []
    for node in ast.parse(source).body:
        text = ast.get_source_segment(source, node) or ""
        name = getattr(node, "name", "")
        if isinstance(node, ast.Assign):
            text = MISSING_AT_THE_START.get(getattr(node.targets[0], "id", ""), text)
        elif name.startswith("_"):
            text = ""
        elif isinstance(node, ast.FunctionDef) and name not in DONE_AT_THE_START.get(layer, ()):
            head = "\n".join(source.splitlines()[node.lineno - 1 : node.body[0].end_lineno])
            text = f"{head}\n    raise NotImplementedError"
        if text:
            blank = "\n\n" if name else "\n"
            segments.append(("" if not segments else blank) + text + ("\n" if name else ""))
    return "\n".join(segments).replace("\n\n\n\n", "\n\n\n").rstrip() + "\n"

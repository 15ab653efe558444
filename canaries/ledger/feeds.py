# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds of a seed, and the reference that says what comes of them."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

from rendering import package_files
from world import LAYERS, Draw, mutants

MAX_DRAWS = 200
FEEDS = 3


class Reference:
    """A package as it is rendered for names and rules, to be called."""

    _count = 0

    def __init__(self, names: dict, rules: dict) -> None:
        Reference._count += 1
        alias = f"reference_{Reference._count}"
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / alias).mkdir()
            for path, text in package_files(names, rules).items():
                (Path(folder) / alias / Path(path).name).write_text(text, encoding="utf-8")
            sys.path.insert(0, folder)
            self.modules = {layer: importlib.import_module(f"{alias}.{names[f'm_{layer}']}") for layer in LAYERS}
            sys.path.remove(folder)

    def call(self, layer: str, function: str, *arguments):
        return getattr(self.modules[layer], function)(*arguments)


class Feeds:
    """Draws feeds in the seed's own notation."""

    def __init__(self, names: dict, rules: dict) -> None:
        self.names, self.rules = names, rules
        self.kinds = [names[f"k_{kind}"] for kind in ("in", "out", "leave", "move")]
        self.days = Reference(names, rules)

    def draw(self, draw: Draw, size: int, repeats: bool = True) -> str:
        rules, names, last = self.rules, self.names, ""
        lines, used, nicknames = [f"{names['comment']} a feed"], [], {}
        letters = iter("abcdefghijklmnopqrstuvwxyz")
        year = sum(rules["lengths"])
        day, said = 2 * year + draw.number(2, 12), -1
        for count in range(size):
            day += draw.pick((0, 0, 0, 1, 1, 2, 4))
            if rules["feed_day"] == "directive" and said != day:
                lines.append(f"{names['directive']}day {self.day(day)}")
                said = day
            account = draw.pick(names["accounts"][:-1] if count % 9 else names["accounts"])
            kind = self.kinds[draw.pick((0, 0, 1, 1, 2, 2, 3))]
            if "alias" in rules["features"] and draw.number(0, 9) == 0:
                nicknames[account] = f"nick{next(letters)}"
                lines.append(f"{names['directive']}call {nicknames[account]} {account}")
            shown = nicknames.get(account, account) if draw.number(0, 1) else account
            if "ditto" in rules["features"] and account == last:
                shown = names["ditto"]
            reference = f"{draw.pick('abcdefgh')}{count}"
            again = used and draw.number(0, 12) == 0 and rules["duplicate"] != "error"
            fields = {"reference": draw.pick(used) if again else reference, "account": shown, "kind": kind}
            used.append(fields["reference"])
            if repeats and "repeat" in rules["features"] and draw.number(0, 7) == 0 and not again:
                fields["reference"] += f"{names['repeat']}{draw.number(2, 3)}"
                used.pop()
            fields["amount"] = self.amount(draw, kind)
            fields["day"] = self.day(day)
            if kind == self.kinds[3]:
                fields["other"] = draw.pick([name for name in names["accounts"] if name != account])
            lines.append(self.entry(fields))
            last = account
            if "void" in rules["features"] and len(used) > 2 and draw.number(0, 10) == 0:
                lines.append(f"{names['directive']}void {used.pop(draw.number(0, len(used) - 1))}")
                used = [name for name in used if name not in lines[-1].split()]
            if draw.number(0, 15) == 0:
                lines.append("")
        return "".join(line + "\n" for line in lines)

    def entry(self, fields: dict) -> str:
        columns = [name for name in self.rules["columns"] if name != "day" or self.rules["feed_day"] == "field"]
        return f" {self.names['separator']} ".join(fields[name] for name in [*columns, "other"] if name in fields)

    def day(self, number: int) -> str:
        return self.days.call("days", "text", number)

    def amount(self, draw: Draw, kind: str) -> str:
        limits = [limit for _day, form, value in self.rules["table"][self.kinds.index(kind)] if form == "bracket"
                  for limit, _parts in value[:2]]  # fmt: skip
        numbers = self.rules["numbers"]
        value = draw.pick((draw.number(3, 90), draw.number(60, 600), draw.number(300, 1500), numbers["large_x"],
                           numbers["large_x"] - 1, *limits, *(limit + 1 for limit in limits)))  # fmt: skip
        return self.days.call("amounts", "show", value + (draw.number(0, 900) if kind == self.kinds[0] else 0))


def sharp_feeds(names: dict, rules: dict, seed: int) -> list:
    """Feeds whose reports differ for every mutant of the rules from what the rules say."""
    feeds, right = Feeds(names, rules), Reference(names, rules)
    wrong = {name: Reference(names, changed) for name, changed in mutants(rules).items()}
    found: list = []
    left = dict(wrong)
    for count in range(MAX_DRAWS):
        feed = feeds.draw(Draw("ledger feed", seed, count), 46)
        report = right.call("closing", "run", feed)
        caught = [name for name, mutant in left.items() if mutant.call("closing", "run", feed) != report]
        if caught or (not left and len(found) < FEEDS):
            found.append(feed)
            left = {name: mutant for name, mutant in left.items() if name not in caught}
        if not left and len(found) >= FEEDS:
            return found
    raise SystemExit(f"seed {seed}: no feed shows what is wrong with {', '.join(left)}")

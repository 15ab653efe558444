# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seed decides: names and, apart from them, rules."""

from __future__ import annotations

import random

LAYERS = ("amounts", "days", "feed", "rates", "charges", "posting", "closing", "report")
MODULE_NAMES = {
    "amounts": ("amounts", "coins", "money", "sums"),
    "days": ("days", "almanac", "dates", "seasons"),
    "feed": ("feed", "intake", "slips", "inbox"),
    "rates": ("rates", "tariffs", "prices", "scales"),
    "charges": ("charges", "fees", "dues", "tolls"),
    "posting": ("posting", "booking", "accounts", "balances"),
    "closing": ("closing", "periods", "settling", "rollover"),
    "report": ("report", "statement", "listing", "summary"),
}
FIELDS = ("reference", "line", "day", "account", "kind", "amount", "other", "charge", "trail")
ROUNDINGS = ("half_away", "half_toward", "half_even", "away")
BRACKETS = ("each", "once", "whole")
POSTINGS = ("refuse", "penalty", "cut", "oldest", "newest", "smallest")
QUEUES = ("oldest", "newest", "smallest")
RULES = ("rest_day", "loyal", "minimum", "cap", "nth_free", "pair", "large", "first", "quiet")
STEPS = ("interest", "levy", "dormant", "sweep", "dividend")


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
    draw = Draw("ledger names", seed)
    words = iter(draw.words(60))
    names = {f"m_{layer}": draw.pick(MODULE_NAMES[layer]) for layer in LAYERS}
    names |= {f"f_{field}": next(words) for field in FIELDS}
    names |= {f"k_{kind}": next(words) for kind in ("in", "out", "leave", "move")}
    names |= {f"e_{layer}": f"{next(words).title()}Error" for layer in ("amount", "day", "feed")}
    names |= {word: next(words) for word in ("major", "minor", "house", "reserve")}
    names |= {f"w_{word}": next(words) for word in ("period", "posted", "total", "waiting", "check")}
    names |= {"package": next(words) + "ik", "town": next(words).title(), "mark": draw.pick("cgmqrvz")}
    names |= {"weekday_names": [next(words) for _unused in range(8)], "accounts": [next(words) for _unused in range(5)]}
    names |= {"comment": draw.pick("#%"), "directive": draw.pick("@!>"), "separator": draw.pick("|;/")}
    names |= {"ditto": draw.pick("=^"), "repeat": draw.pick("*+"), "day_mark": draw.pick(".-:")}
    return names


def draw_rules(seed: int) -> dict:
    draw = Draw("ledger rules", seed)
    week = draw.number(5, 8)
    long, short = draw.number(19, 23), draw.number(14, 18)
    rules: dict = {
        "base": draw.pick((12, 16, 18, 24, 30, 36)),
        "sign": draw.pick(("minus", "brackets", "after")),
        "rounding": draw.pick(ROUNDINGS),
        "lengths": [draw.pick((long, short)) for _unused in range(draw.number(5, 9))],
        "week": week,
        "first_weekday": draw.number(0, week - 1),
        "resting": sorted(draw.some(range(week), draw.number(1, 2))),
        "holiday": draw.pick(("first", "last", "new_year")),
        "day_order": draw.pick(("year period day", "day period year", "period day year")),
        "features": draw.some(("ditto", "alias", "repeat", "void"), 2),
        "feed_day": draw.pick(("field", "directive")),
        "columns": draw.some(("reference", "account", "kind", "amount", "day"), 5),
        "duplicate": draw.pick(("error", "ignored", "replaces")),
        "parts": draw.pick((160, 200, 240, 320, 400)),
        "bracket": draw.pick(BRACKETS),
        "rules": draw.some(RULES, 5),
        "limit": draw.number(150, 420),
        "posting": draw.pick(POSTINGS),
        "carry": draw.pick(("carried", "expires")),
        "steps": draw.some(STEPS, 3),
        "sort": draw.pick(("name", "high", "low", "far")),
        "row": draw.pick(("dots", "left", "right")),
        "check": draw.pick(("weighted", "rolling")),
        "numbers": draw_numbers(Draw("ledger numbers", seed)),
    }
    forms = draw.some(["bracket", "bracket", "share", draw.pick(("flat", "share"))], 4)
    rules["table"] = [draw_tariffs(draw, form, rules["lengths"]) for form in forms]
    return rules


def draw_numbers(draw: Draw) -> dict:
    numbers = {name: draw.number(low, high) for name, low, high in (
        ("loyal_k", 3, 4), ("minimum_x", 9, 30), ("cap_x", 90, 170), ("nth_free_n", 3, 5), ("large_x", 700, 1300),
        ("large_y", 9, 40), ("first_y", 7, 30), ("quiet_q", 2, 4), ("quiet_y", 6, 25), ("penalty", 11, 47),
        ("dormant_y", 9, 35), ("sweep_x", 1500, 2600), ("dividend_x", 60, 140), ("exit_code", 3, 9),
        ("width", 18, 26), ("check_m", 17, 59),
    )}  # fmt: skip
    for name, high in (("rest_day", 5), ("loyal", 4), ("pair", 3), ("interest", 2), ("levy", 3), ("dividend", 2)):
        numbers[f"{name}_n"] = draw.number(1, high)
        numbers[f"{name}_d"] = draw.pick((8, 10, 12) if high > 2 else (16, 20, 24, 32))
    numbers["prime"] = draw.pick((7919, 8191, 9001, 9973, 10007))
    numbers["minimum_kinds"], numbers["nth_free_kind"] = draw.some(range(4), 2), draw.number(0, 3)
    return numbers


def draw_tariffs(draw: Draw, form: str, lengths: list) -> list:
    """Two tariffs of a form: since year 1, and since a day of year 3, which the feeds go across."""
    since = (1, 1, 1), (3, draw.number(2, 3), draw.number(4, 9))
    if form == "flat":
        values = draw.some(range(9, 60), 2)
    elif form == "share":
        values = draw.some(range(5, 23), 2)
    else:
        values = []
        for _unused in since:
            low, high = draw.number(90, 260), draw.number(400, 900)
            values.append([[low, draw.number(14, 25)], [high, draw.number(7, 13)], [None, draw.number(2, 6)]])
    return [[day, form, value] for day, value in zip(since, values)]


def mutants(rules: dict) -> dict:
    """Rules that differ in one thing, by what that is."""
    others = {"rounding": ROUNDINGS, "bracket": BRACKETS, "posting": POSTINGS}
    found = {f"{key}_{other}": {**rules, key: other} for key in others for other in others[key] if other != rules[key]}
    for key in ("rules", "steps"):
        found |= {f"no_{name}": {**rules, key: [old for old in rules[key] if old != name]} for name in rules[key]}
    found["steps_reversed"] = {**rules, "steps": rules["steps"][::-1]}
    found["rules_reversed"] = {**rules, "rules": rules["rules"][::-1]}
    if rules["posting"] in QUEUES:
        found["carry"] = {**rules, "carry": "expires" if rules["carry"] == "carried" else "carried"}
    return found

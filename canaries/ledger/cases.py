# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests call, layer by layer: {(layer, function): [arguments, …]} and what has to be refused."""

from __future__ import annotations

from feeds import Feeds, Reference
from world import LAYERS, QUEUES, Draw


def answers(reference: Reference, calls: dict) -> dict:
    """The same with what the reference returns: {(layer, function): [(arguments, value), …]}."""
    return {
        (layer, function): [(arguments, reference.call(layer, function, *arguments)) for arguments in several]
        for (layer, function), several in calls.items()
    }


def draw_calls(names: dict, rules: dict, reference: Reference, draw: Draw, feeds: list) -> dict:
    """Calls of every function, on values at the edges and on drawn ones."""
    base, year, periods = rules["base"], sum(rules["lengths"]), len(rules["lengths"])
    values = [draw.number(2 * base, 60 * base), -draw.number(2, base - 1), 0, base, base - 1, -draw.number(base, 9999)]
    shares = [[draw.number(20, 900), n, d] for n, d in ((1, 2), (3, 8), (2, 7), (5, 11))]
    shares += [[5, 1, 2], [7, 1, 2], [-7, 1, 2], [-9, 1, 2], [9, 1, 4], [11, 1, 4], [-30, 2, 3], [6, 1, 3], [0, 1, 9]]
    starts = [reference.call("days", "last_day", period) + 1 for period in range(2 * periods)]
    numbers = [draw.number(year, 3 * year), draw.pick(starts), 0, draw.pick(starts) - 1, year - 1, year, year + 1]
    run = draw.number(year, 2 * year)
    days = [*numbers, *range(run, run + rules["week"] + 2)]
    calls: dict = {
        ("amounts", "parse"): [[reference.call("amounts", "show", value)] for value in values],
        ("amounts", "show"): [[value] for value in values],
        ("amounts", "share"): shares,
        ("days", "number"): [[reference.call("days", "text", number)] for number in numbers],
        ("days", "text"): [[number] for number in numbers],
        ("days", "weekday"): [[number] for number in numbers],
        ("days", "working"): [[number] for number in days],
        ("days", "shift"): [[number, steps] for number, steps in zip(days, (3, 0, 1, 0, 2, 5, 0, 1, 4, 0, 9))],
        ("days", "period"): [[number] for number in numbers],
        ("days", "last_day"): [[draw.number(0, 3 * periods)], [periods - 1], [periods]],
        ("feed", "read"): [[feed] for feed in feeds],
    }
    kinds = [names[f"k_{kind}"] for kind in ("in", "out", "leave", "move")]
    calls["rates", "tariff"], calls["rates", "base"] = [], []
    for kind, tariffs in zip(kinds, rules["table"]):
        changes = _number(rules, tariffs[1][0])
        amounts = [draw.number(20, 1500)]
        amounts += [
            limit + more
            for limit, _parts in (tariffs[0][2] if tariffs[0][1] == "bracket" else [])[:2]
            for more in (0, 1)
        ]
        calls["rates", "tariff"] += [[kind, changes - 1], [kind, changes]]
        calls["rates", "base"] += [[kind, amount, changes - place % 2] for place, amount in enumerate(amounts)]
    charged = [reference.call("charges", "charge", reference.call("feed", "read", feed)) for feed in feeds]
    calls["charges", "charge"] = [[reference.call("feed", "read", feed)] for feed in feeds]
    calls["posting", "post"] = [_posting(names, rules, draw, entries) for entries in charged]
    balances = [_balances(names, rules, draw) for _unused in range(3)]
    calls["closing", "close"] = [[accounts, sorted(draw.some(names["accounts"], 2))] for accounts in balances]
    calls["closing", "run"] = [[feed] for feed in feeds]
    calls["report", "rows"] = calls["report", "check_figure"] = [[accounts] for accounts in balances]
    calls["report", "render"] = [[feed] for feed in feeds]
    return calls


def _number(rules: dict, day: tuple) -> int:
    return (day[0] - 1) * sum(rules["lengths"]) + sum(rules["lengths"][: day[1] - 1]) + day[2] - 1


def _posting(names: dict, rules: dict, draw: Draw, entries: list) -> list:
    waiting = []
    if rules["posting"] in QUEUES:
        waiting = [entry for entry in entries if entry[names["f_kind"]] != names["k_in"]][:2]
    rest = [entry for entry in entries if entry not in waiting][:14]
    return [rest, {account: draw.number(-50, 200) for account in sorted(names["accounts"][:2])}, waiting]


def _balances(names: dict, rules: dict, draw: Draw) -> dict:
    first, second, third, *others = names["accounts"]
    same = draw.number(30, 300)
    found = {third: -same, second: same, first: draw.number(rules["numbers"]["sweep_x"], 4000), others[0]: 0}
    found |= {others[1]: -draw.number(5, 90), names["house"]: draw.number(100, 400)}
    return found | ({names["reserve"]: draw.number(1, 50)} if draw.number(0, 1) else {})


def draw_refusals(names: dict, rules: dict, feeds: Feeds) -> dict:
    """{(layer, function, error): [(arguments, what the message says), …]}."""
    mark, base, day_mark = names["mark"], rules["base"], names["day_mark"]
    amounts = [f"03{mark}05", f"{mark}05", f"3{mark}5", f"3{mark}{base}", "", f"3 {mark}05", f"3{mark}0x", "12"]
    amounts += [{"minus": f"-0{mark}00", "brackets": f"(0{mark}00)", "after": f"0{mark}00~"}[rules["sign"]]]
    good = dict(zip(("year", "period", "day"), ("2", "01", "04")))
    days = [{"year": "0"}, {"period": str(len(rules["lengths"]) + 1)}, {"period": "0"}, {"day": "0"}]
    days += [{"day": str(rules["lengths"][0] + 1)}, {"year": "x"}, {"year": ""}]
    texts = [day_mark.join({**good, **wrong}[part] for part in rules["day_order"].split()) for wrong in days]
    return {
        ("amounts", "parse", names["e_amount"]): [([text], "") for text in amounts],
        ("days", "number", names["e_day"]): [([text], "") for text in [*texts, day_mark.join("12"), ""]],
        ("feed", "read", names["e_feed"]): list(_broken_feeds(names, rules, feeds)),
    }


def _broken_feeds(names: dict, rules: dict, feeds: Feeds):
    k_in, k_move, directive = names["k_in"], names["k_move"], names["directive"]
    first, second = names["accounts"][:2]
    by_field = rules["feed_day"] == "field"

    def entry(reference: str, **other: str) -> str:
        return feeds.entry({"reference": reference, "account": first, "kind": k_in, "amount": f"2{names['mark']}01",
                            "day": feeds.day(40), **other})  # fmt: skip

    def broken(reason: str, *lines: str, good: bool = True):
        day = [] if by_field else [f"{directive}day {feeds.day(40)}"]
        above = ["", *day, entry("a1"), f"{names['comment']} {first}"] if good else []
        return [("".join(f"{line}\n" for line in [*above, *lines]))], f"line {len(above) + len(lines)}: {reason}"

    yield broken("fields", entry("a2"), entry("a3") + f" {names['separator']} {second}")
    yield broken("kind", entry("a2", kind="nosuch"))
    yield broken("amount", entry("a2", amount=f"0{names['mark']}00"))
    yield broken("amount", entry("a2"), "", entry("a3", amount="12"))
    yield broken("account", entry("a2", account=first.title()))
    yield broken("account", entry("a2", kind=k_move) + f" {names['separator']} {first}")
    yield broken("directive", f"{directive}fly away")
    yield broken("fields", entry("a2", kind=k_move))
    for day in (feeds.day(39), "12"):
        yield broken("day", entry("a2", day=day) if by_field else f"{directive}day {day}")
    if not by_field:
        yield broken("day", entry("a1"), good=False)
        yield broken("directive", f"{directive}day")
    if "ditto" in rules["features"] and by_field:
        yield broken("account", entry("a1", account=names["ditto"]), good=False)
    if "repeat" in rules["features"]:
        yield broken("reference", entry(f"a2{names['repeat']}1"))
        yield broken("reference", entry(f"a2{names['repeat']}x"))
    if "void" in rules["features"]:
        yield broken("reference", f"{directive}void a1", f"{directive}void a1")
    if "alias" in rules["features"]:
        yield broken("directive", f"{directive}call {second}")
    if rules["duplicate"] == "error":
        yield broken("reference", entry("a2"), entry("a1", account=second))


def title(layer: str) -> str:
    return f"test_{LAYERS.index(layer) + 1}_{layer}"

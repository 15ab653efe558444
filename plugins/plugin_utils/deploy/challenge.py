# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A newcomer of the catalog against what is deployed: the sweep that pits them, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ..findings.cells import cell_rows
from ..findings.costs import card_costs, cost_text
from ..findings.looks import ended
from ..findings.trials import every_trial, of_model
from ..findings.words import number, percent
from ..stats import Stratum, difference, proportion
from ..sweep import load_catalog
from ..sweep.adaptive import WHY_NOT, CellLook, Rule, Tally, look
from ..sweep.digest import digest
from .decided import as_yaml
from .record import read_record

HEAD = "# Written by lab challenge: the deployed model, run again, is the anchor over stacks.\n"
MOST_REPLICATES = 8
# What of the two configs is no factor of a sweep, or is found out again by its smoke.
NOT_SWEPT = ("tool_style",)
# What a look names beside a boundary that was not reached.
REASONS = ("repeats", "unsteady", "few_canaries")


class NoChallenge(LabError):
    """There is nothing to challenge, or nobody who could."""


def sweep_file(lab_home: Path, catalog: Path, newcomer: str, hosts: Sequence[str]) -> dict[str, Any]:
    """The challenge as a sweep file: both models under the deployed config, on the canaries that decided for it.

    Fixed replicates: the rule that adds some compares the cells of one model, here there are two models.
    """
    deployed = _deployed(lab_home, hosts)
    models = load_catalog(catalog)
    if newcomer not in models:
        raise NoChallenge(
            f"The catalog {catalog} has no model {newcomer}.", f"name one of: {', '.join(sorted(models))}"
        )
    if newcomer == deployed["model"]:
        raise NoChallenge(f"{newcomer} is what is deployed on {', '.join(hosts)}.", "name another model")
    if (models[newcomer].cloud is not None) != (deployed["tier"] == "cloud"):
        raise NoChallenge(
            f"{newcomer} cannot run where {deployed['model']} is deployed: one is a cloud's, the other a file.",
            "compare them in a sweep with hosts of both tiers",
        )
    suite = deployed["suite"]
    if not suite.get("canaries"):
        raise NoChallenge(
            f"What is deployed on {', '.join(hosts)} does not say which canaries decided for it.",
            "decide and deploy again, then challenge it",
        )
    config = {"load": deployed["load"], "chat": _without(deployed["chat"], NOT_SWEPT)}
    identity = digest([deployed["digest"], models[newcomer].digest, config, suite], 6)
    found: dict[str, Any] = {
        "name": f"challenge-{newcomer.replace('.', '-')[:22]}-{identity}",
        "description": f"{newcomer} against {deployed['model']}, which is deployed as {deployed['duty']}.",
        "models": [deployed["model"], newcomer],
        "canaries": sorted(suite["canaries"]),
        "baseline": config,
        "replicates": int((suite.get("replicates") or {}).get("most") or MOST_REPLICATES),
        "budgets": suite.get("budgets") or {},
        "good_enough": {deployed["duty"]: deployed["wanted"]} if deployed.get("wanted") else {},
    }
    if suite.get("wrong_adoption"):
        found["wrong_adoption"] = suite["wrong_adoption"]
    return found


def as_text(sweep: Mapping[str, Any]) -> str:
    return HEAD + as_yaml(sweep)


def verdict(summary: Mapping[str, Any], hosts: str) -> list[str]:
    """Per host class three lines: which of the two is shown better, what each costs, and what to type next."""
    deployed, newcomer = summary["sweep"]["models"]
    everything = every_trial(summary)
    classes = list(dict.fromkeys(cell["host_class"] for cell in summary["cells"]))
    sides = {model: _sides(summary, model, of_model(everything, model)) for model in (deployed, newcomer)}
    trials = ended(everything)
    lines = []
    for host_class in classes:
        old, new = sides[deployed].get(host_class), sides[newcomer].get(host_class)
        if not old or not new or not old["pass_rate"]["of"] or not new["pass_rate"]["of"]:
            lines += _not_measured(deployed, newcomer, old, new, hosts)
            continue
        better, worse = (_looked(summary, one, other, trials) for one, other in ((new, old), (old, new)))
        lines += [
            _shown(
                (newcomer, deployed),
                (new, old),
                (better, worse),
                _strata(trials, new, old),
                f" on {host_class}" if len(classes) > 1 else "",
            ),
            _cost(deployed, newcomer, old, new),
            _next(summary, deployed, newcomer, better.state == "efficacy", hosts),
        ]
    return lines


def _sides(summary: Mapping[str, Any], model: str, table: Any) -> dict[str, dict[str, Any]]:
    """By host class what the model showed there, and what that cost."""
    costs = card_costs(summary, table)
    return {row["host_class"]: row | {"cost": costs.get(row["id"])} for row in cell_rows(summary, model, table)}


def _deployed(lab_home: Path, hosts: Sequence[str]) -> dict[str, Any]:
    """What is deployed on these hosts, the same on all of them."""
    found = {host: read_record(lab_home, host)["current"] for host in hosts}
    empty = [host for host, current in found.items() if not current]
    if empty:
        raise NoChallenge(
            f"Nothing is deployed on {', '.join(empty)}.", "deploy a decision first, or name another host with -l"
        )
    kinds = {digest([one["digest"], one["load"], one["chat"]], 12): one for one in found.values()}
    if len(kinds) > 1:
        named = ", ".join(f"{host} {current['model']}" for host, current in found.items())
        raise NoChallenge(f"The hosts do not have the same deployed: {named}.", "name hosts that do with -l")
    return dict(next(iter(kinds.values())))


def _without(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _looked(summary: Mapping[str, Any], row: Any, against: Any, trials: Mapping[str, Any]) -> CellLook:
    """Whether one is shown better than the other, by the rule that shows a level better than its baseline.

    Each side has half the risk: both are asked.
    """
    replicates = int(summary["sweep"]["replicates"])
    rule = Rule(float(summary["sweep"]["wrong_adoption"]), replicates, replicates, shared_by=2)
    tallies = [Tally.of(one["id"], one is against, trials.get(one["id"], ())) for one in (against, row)]
    return next(one for one in look(rule, tallies) if one.cell == row["id"])


def _strata(trials: Mapping[str, Any], new: Any, old: Any) -> list[Stratum]:
    """Per canary what both passed of what counted."""
    sides = [_counted(trials.get(one["id"], ())) for one in (new, old)]
    return [Stratum(*sides[0][canary], *sides[1][canary]) for canary in sorted(sides[0].keys() & sides[1].keys())]


def _counted(ended_trials: Any) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for canary, _replicate, passed in ended_trials:
        if passed is not None:
            passes, of = found.get(canary, (0, 0))
            found[canary] = passes + bool(passed), of + 1
    return found


def _shown(
    models: tuple[str, str], rows: tuple[Any, Any], looks: tuple[CellLook, CellLook], strata: list[Stratum], where: str
) -> str:
    (newcomer, deployed), (better, worse) = models, looks
    verdict_words = f"{newcomer} is not shown to be better than {deployed}"
    looked = better
    if better.state == "efficacy":
        verdict_words = f"{newcomer} is shown to be better than {deployed}"
    elif worse.state == "efficacy":
        verdict_words, looked = f"{newcomer} is worse than {deployed}", worse
    rates = [proportion(row["pass_rate"]["count"], row["pass_rate"]["of"]) for row in rows]
    apart = difference(strata) or {"difference": 0.0, "low": -1.0, "high": 1.0}
    points = [f"{100 * apart[name]:+.0f}" for name in ("difference", "low", "high")]
    p_value = looked.numbers.get("p_value")
    p_text = "nothing to tell apart" if p_value is None else f"p = {p_value:.2g}"
    if looked.numbers.get("why") in REASONS:
        p_text += WHY_NOT[looked.numbers["why"]].format(**looked.numbers)
    return (
        f"{verdict_words}{where}: on this suite {rates[0]['count']} of {rates[0]['of']} "
        f"({percent(rates[0]['rate'])}) passed against {rates[1]['count']} of {rates[1]['of']} "
        f"({percent(rates[1]['rate'])}), {points[0]} points (95 % interval {points[1]} to {points[2]}), "
        f"paired by {looked.numbers.get('canaries', 0)} canaries, {p_text}"
    )


def _cost(deployed: str, newcomer: str, old: Any, new: Any) -> str:
    return "per passed canary: " + "; ".join(
        f"{name} {_price(row)}" for name, row in ((newcomer, new), (deployed, old))
    )


def _price(row: Mapping[str, Any]) -> str:
    if not row["pass_rate"]["count"]:
        return "none passed"
    tokens = f"{number(row['generated_tokens_per_pass'])} generated tokens"
    return f"{tokens}, {cost_text(row['cost'])}" if row["cost"] else tokens


def _next(summary: Mapping[str, Any], deployed: str, newcomer: str, better: bool, hosts: str) -> str:
    if not better:
        again = f"lab challenge {newcomer} {hosts} --new"
        return f"next: nothing to type, {deployed} stays deployed; on a later stack: {again}"
    sweep = summary["sweep"]["name"]
    return f"next: lab decide -e sweep={sweep} {hosts}, and if it decides for {newcomer}: lab deploy {hosts}"


def _not_measured(deployed: str, newcomer: str, old: Any, new: Any, hosts: str) -> list[str]:
    name, row = (newcomer, new) if old and old["pass_rate"]["of"] else (deployed, old)
    numbers = (row or {}).get("numbers") or {}
    state = (row or {}).get("state", "not planned").replace("_", " ")
    return [
        f"{newcomer} is not compared with {deployed}: {name} is {state}",
        f"why: {numbers.get('reason') or 'no trial of it could be counted'}",
        f"next: see its finding card; {deployed} stays deployed; again with: lab challenge {newcomer} {hosts} --new",
    ]

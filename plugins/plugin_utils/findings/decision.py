# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the cards of a generation to what to deploy, per duty and tier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .choice import best, counts, mean_rate, shared
from .duties import CRITERIA, measured_value
from .evidence import settings_of
from .words import VERDICTS, plural, rate_text

SCHEMA = "local_llm.lab/decision/2"
RULE = (
    "Per duty and tier, on the canaries of that duty alone (where a grade is asked for, the pass rate on those of that "
    "grade). A cell is good enough when the exact one-sided bound of its pass rate and of its confidently wrong rate "
    "reaches what is asked, the sweep's risk of a wrong adoption shared equally over all cells compared there, and "
    "when its speed, time and memory do as measured. Within a model on a host class the baseline keeps its place "
    "unless a level is shown to be better by the rule that gives replicates: an exact one-sided test stratified by "
    "canary at each look, the sweep's risk shared over looks, levels, models and host classes. A baseline that cannot "
    "reach what is asked gives way to a level that does. Several levels that are shown better are tried together in a "
    "confirmation cell, which is taken unless it did worse than the best of them alone. Of several models and host "
    "classes that are good enough the one with the highest mean pass rate over the canaries all of them ran on is "
    "taken; that order is as measured and not tested. Ties go to fewer confidently wrong trials, then to fewer tokens "
    "per pass. Nothing is chosen that was not a cell."
)
ORDER = ("good_enough", "not_shown", "not_good_enough", "no_canaries")
MEASURED = tuple(name for name, criterion in CRITERIA.items() if not criterion.share)

Card = Mapping[str, Any]


def decide(cards: Sequence[Card], sweep: Mapping[str, Any]) -> dict[str, Any]:
    """What decision.yml says: for every duty of the sweep and every tier, one choice or none, and why.

    `table` has the best cell of every model per duty over all tiers, clouds among them. What a machine measured stands
    in `measured` alone: two runs of the same sweep may differ in it, in nothing else.
    """
    tiers = sorted({one["tier"] for card in cards for one in card["duties"]})
    decisions = [_Decision(cards, duty, tier) for duty in sweep["good_enough"] for tier in tiers]
    return {
        "schema": SCHEMA,
        "sweep": sweep["name"],
        "generation": cards[0]["generation"] if cards else None,
        "interim": any(card["interim"] for card in cards),
        "rule": RULE,
        "suite": _suite(cards, sweep),
        "decisions": [one.as_dict() for one in decisions],
        "table": [row for one in decisions for row in one.table()],
        "measured": {cell: numbers for one in decisions for cell, numbers in one.measured()},
    }


def decision_lines(decision: Mapping[str, Any]) -> list[str]:
    """The decision for the terminal, a line for each duty and tier."""
    return [
        f"{one['duty']} on {one['tier']} hosts: "
        + (f"deploy {one['chosen']['model']}, {one['chosen']['label']}: " if one["chosen"] else "nothing to deploy: ")
        + str(one["why"])
        for one in decision["decisions"]
    ]


def _suite(cards: Sequence[Card], sweep: Mapping[str, Any]) -> dict[str, Any]:
    """What a challenger is put to: the same canaries under the same budgets."""
    known = {
        one["name"]: {"grade": one["grade"], "digest": one["digest"]} for card in cards for one in card["canaries"]
    }
    return {
        "canaries": dict(sorted(sweep.get("suite", known).items())),
        "budgets": dict(sweep.get("budgets", {})),
        "replicates": {"screen": sweep.get("replicates"), "most": sweep.get("most_replicates")},
        "wrong_adoption": sweep.get("wrong_adoption"),
    }


class _Option:
    """One cell of one model that was assessed for a duty and tier."""

    def __init__(self, card: Card, assessment: Mapping[str, Any], cell: Mapping[str, Any]) -> None:
        self.card = card
        self.assessment = assessment
        self.cell = cell
        self.row = next(row for row in card["cells"] if row["id"] == cell["cell"])
        self.model = str(card["model"]["name"])

    @property
    def stands_for_its_model(self) -> bool:
        return bool(self.cell["cell"] == self.assessment["cell"])

    @property
    def cost(self) -> Any:
        """Money per passed trial with its interval and source, where it is known."""
        return self.card["measured"].get("costs", {}).get(self.row["id"])

    @property
    def price(self) -> Any:
        """The same, of a cloud alone: its prices are in the catalog. What one's own host costs is measured."""
        per_passed = (self.cost or {}).get("per_passed") or {}
        return per_passed if per_passed.get("source") == "prices" else None

    def named(self) -> str:
        return f"{self.model}, {self.row['label']}"


class _Decision:
    """One duty on one tier."""

    def __init__(self, cards: Sequence[Card], duty: str, tier: str) -> None:
        self._duty, self._tier = duty, tier
        found = [(card, one) for card in cards for one in card["duties"] if (one["duty"], one["tier"]) == (duty, tier)]
        self._assessments = [one for _card, one in found]
        self._options = [_Option(card, one, cell) for card, one in found for cell in one["cells"]]
        self._canaries = sorted({name for one in self._assessments for name in one["canaries"]})
        self._interim = any(card["interim"] for card, _one in found)
        fit = [one for one in self._options if one.stands_for_its_model and one.assessment["verdict"] == "good_enough"]
        self._chosen = None if self._interim else self._best(fit)
        self._runner_up = None if self._chosen is None else self._second()

    def as_dict(self) -> dict[str, Any]:
        chosen = self._chosen
        losing = [one for one in self._options if one is not chosen]
        ranked = sorted(losing, key=lambda one: -mean_rate(one.row, self._canaries))
        return {
            "duty": self._duty,
            "tier": self._tier,
            "wanted": self._assessments[0]["wanted"] if self._assessments else {},
            "canaries": self._canaries,
            "verdict": self._verdict(),
            "chosen": self._described(chosen) if chosen else None,
            "why": self._why(),
            "runner_up": self._losing(self._runner_up) if self._runner_up else None,
            "losing": [self._losing(one) for one in ranked],
        }

    def table(self) -> Iterator[dict[str, Any]]:
        for model in dict.fromkeys(one.model for one in self._options):
            options = [one for one in self._options if one.model == model]
            lead = next((one for one in options if one.stands_for_its_model), None) or self._best(options)
            if lead is None:
                continue
            yield {
                "duty": self._duty,
                "tier": self._tier,
                "model": model,
                "label": lead.row["label"],
                "cell": lead.row["id"],
                "chosen": lead is self._chosen,
                "verdict": VERDICTS[lead.cell["verdict"]],
                **_counted(lead),
                "price_per_passed": lead.price,
            }

    def measured(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for one in self._options:
            canaries = [canary["canary"] for canary in one.row["canaries"]]
            numbers = {name: measured_value(name, one.row, canaries, one.card["measured"]) for name in MEASURED}
            if one.cost is not None or any(value is not None for value in numbers.values()):
                yield str(one.row["id"]), numbers | {"cost": one.cost}

    def _best(self, options: Sequence[_Option]) -> _Option | None:
        if not options:
            return None
        row = best([one.row for one in options], self._canaries)
        return next(one for one in options if one.row is row)

    def _second(self) -> _Option | None:
        """The next best that is good enough, of any model; else the most promising."""
        others = [one for one in self._options if one is not self._chosen]
        of_models = [one for one in others if one.stands_for_its_model]
        for verdict in ("good_enough", "not_shown"):
            for options in (of_models, others):
                if found := self._best([one for one in options if one.cell["verdict"] == verdict]):
                    return found
        return None

    def _verdict(self) -> str:
        if self._interim:
            return "interim"
        verdicts = [one["verdict"] for one in self._assessments]
        return next((one for one in ORDER if one in verdicts), "not_measured")

    def _described(self, chosen: _Option) -> dict[str, Any]:
        row, card = chosen.row, chosen.card
        return {
            "model": chosen.model,
            "digest": row["model_digest"] or card["model"]["digest"],
            "cell": row["id"],
            "label": row["label"],
            "host_class": row["host_class"],
            "load": row["load"],
            "chat": row["chat"],
            "settings": settings_of(row, card["measured"].get("smokes", ()), card.get("hosts", ())),
            "evidence": f"passed {rate_text(chosen.cell['pass_rate'])} on this suite",
            **_counted(chosen),
            "price_per_passed": chosen.price,
            "caveat": card["recommendation"]["caveat"],
        }

    def _why(self) -> str:
        if self._interim:
            return "The generation is not complete: nothing is decided before its last trial."
        if self._chosen:
            return "; ".join(self._chosen.cell["why"])
        refused = next((str(one["refused"]) for one in self._assessments if one.get("refused")), None)
        if refused:
            return refused
        promising = [one for one in self._options if one.cell["verdict"] == "not_shown"]
        if promising:
            several = f"{len(promising)} of {plural(len(self._options), 'cell')}"
            return f"None is shown to be good enough; {several} are promising, see losing."
        if any(one.cell["pass_rate"]["count"] for one in self._options):
            return "None is good enough: no cell measured what was asked for."
        if any(one.cell["pass_rate"]["of"] for one in self._options):
            return "None is good enough: no cell passed a single counted trial."
        return "None is good enough: no trial could be counted."

    def _losing(self, option: _Option) -> dict[str, Any]:
        why = "; ".join(option.cell["why"])
        if self._chosen and option.cell["verdict"] == "good_enough":
            why += f"; {self._behind(option, self._chosen)}"
        return {
            "model": option.model,
            "cell": option.row["id"],
            "label": option.row["label"],
            "verdict": VERDICTS[option.cell["verdict"]],
            **_counted(option),
            "why": why,
        }

    def _behind(self, option: _Option, chosen: _Option) -> str:
        """Why something that would do as well is not it."""
        if (option.model, option.row["host_class"]) == (chosen.model, chosen.row["host_class"]):
            looked = option.row.get("look")
            said = f": {looked['words']}" if looked and looked["state"] not in ("baseline", "efficacy") else ""
            return f"not shown to be better than the chosen cell ({chosen.named()}){said}"
        common = shared([option.row, chosen.row], self._canaries)
        return (
            f"ranked behind the chosen cell ({chosen.named()}), which passed {counts(chosen.row, common)} on the "
            f"{plural(len(common), 'canary', 'canaries')} both ran on, against {counts(option.row, common)}"
        )


def _counted(option: _Option) -> dict[str, Any]:
    rate = option.cell["pass_rate"]
    return {
        "passed": rate["count"],
        "counted": rate["of"],
        "interval": [rate.get("low"), rate.get("high")],
        "on": sorted(shared([option.row], option.assessment["canaries"])),
    }

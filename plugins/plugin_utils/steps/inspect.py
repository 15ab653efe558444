# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before anything is touched: do the sweep file, the catalog, the canaries and the sandbox hold together?"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..canary import Canary, find
from ..paths import SHIPPED_CANARIES
from ..sandbox import select
from ..sweep import Model, PlannedCanary, Sweep, SweepError, configs, load_catalog, load_sweep
from ..toolchain import make_ready


@dataclass(frozen=True)
class Definition:
    """A sweep file with everything it names: catalog entries and canaries, by name."""

    sweep: Sweep
    catalog: dict[str, Model]
    canaries: dict[str, Canary]
    roots: list[Path]

    @property
    def planned_canaries(self) -> dict[str, PlannedCanary]:
        return {
            name: PlannedCanary(canary.digest, canary.grade, canary.budgets.as_dict(), canary.duty)
            for name, canary in self.canaries.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """What the store keeps of a sweep: its one form, and the canaries it is judged by."""
        suite = {
            name: {"duty": one.duty, "grade": one.grade, "digest": one.digest} for name, one in self.canaries.items()
        }
        return self.sweep.as_dict() | {"suite": suite}


def load(sweep: str, catalog: str, canary_folders: list[str]) -> Definition:
    """Read what a sweep names; a SweepError or CanaryError says what is not there."""
    definition = load_sweep(sweep)
    models = load_catalog(catalog)
    roots = [*map(Path, canary_folders), SHIPPED_CANARIES]
    definition.check_models(models)
    if "money" in definition.limits:
        _refuse_uncounted_money([models[name] for name in definition.models])
    return Definition(definition, models, {name: find(name, roots) for name in definition.canaries}, roots)


def _refuse_uncounted_money(models: list[Model]) -> None:
    """A limit of money holds only where every cloud has a price of today, and all of them in one currency."""
    today = datetime.datetime.now(datetime.UTC).date()
    prices = {model.name: model.cloud.price_on(today) for model in models if model.cloud}
    without = sorted(name for name, price in prices.items() if price is None)
    if without:
        raise SweepError(
            f"limits.money cannot hold: the catalog has no price of today for {', '.join(without)}.",
            "add one under the model's cloud.prices, or leave limits.money out",
        )
    currencies = sorted({price.currency for price in prices.values() if price})
    if len(currencies) > 1:
        raise SweepError(
            f"limits.money cannot hold: the sweep's clouds are paid in {' and '.join(currencies)}.",
            "give their prices in one currency, or sweep them apart",
        )


def inspect(
    sweep: str,
    catalog: str,
    canary_folders: list[str],
    sandbox: str | None,
    lab_home: str,
    tell: Callable[[str], None] | None,
) -> dict[str, Any]:
    """The models to have on the hosts, the canaries, and the sandbox trials will run in.

    What the canaries need is built and fetched here, but for somebody who only looks: then there is nobody to tell.
    """
    definition = load(sweep, catalog, canary_folders)
    if tell is not None:
        make_ready(list(definition.canaries.values()), definition.roots, Path(lab_home), tell)
    return {
        "models": list(_files(definition)),
        "canaries": list(definition.canaries),
        "sandbox": select(sandbox).name,
    }


def _files(definition: Definition) -> Iterator[dict[str, Any]]:
    """The catalog's entry of each file that some cell loads, once: of each quant, and of what drafts."""
    seen = set()
    for name in definition.sweep.models:
        model = definition.catalog[name]
        for _change, load, _chat, refused in configs(definition.sweep, model) if not model.cloud else ():
            if refused:
                continue
            wanted = [(model.name_under(load), model.weights(load))]
            wanted += [(model.draft.name, one) for one in model.drafts(load) if model.draft]
            for label, one in wanted:
                if (one.file, one.sha256) not in seen:
                    seen.add((one.file, one.sha256))
                    yield model.as_dict() | vars(one) | {"name": label}

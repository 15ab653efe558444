# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sizing needs to know of a model, small enough to stand in a catalog: no tensor list, no vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any


@dataclass(frozen=True)
class Layer:
    """What one layer remembers of a sequence.

    `kv_heads` x (`key_length` + `value_length`) elements per token, of the last `window_tokens` (None: of all); and
    `state_bytes` per slot whatever the context, in a recurrent layer.
    """

    kv_heads: int = 0
    key_length: int = 0
    value_length: int = 0
    window_tokens: int | None = None
    state_bytes: int = 0


@dataclass(frozen=True)
class Shape:
    """A model's size. `active_*`: what one token passes through, all of it in a dense model.

    `vocabulary`: its tokens; 0 where a catalog does not say, which costs a prediction some tens of megabytes.
    """

    architecture: str
    total_parameters: int
    active_parameters: int
    weight_bytes: int
    active_weight_bytes: int
    train_context_tokens: int
    layers: tuple[Layer, ...]
    vocabulary: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain data; runs of equal layers are one entry with a `count`."""
        runs = [{"count": len(list(run)), **vars(layer)} for layer, run in groupby(self.layers)]
        return {**vars(self), "layers": runs}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Shape:
        layers = tuple(
            Layer(**{name: value for name, value in run.items() if name != "count"})
            for run in plain["layers"]
            for _unused in range(run["count"])
        )
        return cls(**{**plain, "layers": layers})

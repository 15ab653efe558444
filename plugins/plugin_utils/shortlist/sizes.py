# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model under the asked load config: what every host is asked about it, worked out once."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from functools import cached_property

from ...module_utils.gguf import bytes_per_token, fixed_bytes, kv_bytes
from ...module_utils.gguf.shape import Shape
from .question import Asked

CONTEXT_STEP_TOKENS = 1024
UNKNOWN_TRAIN_CONTEXT_TOKENS = 1 << 20


class Sizes:
    """Bytes of one model. Whatever depends on the host is a method; the rest is computed at most once."""

    def __init__(self, shape: Shape, asked: Asked) -> None:
        self.shape = shape
        self._asked = asked
        # A model of 80 layers has one or two kinds of them, and what they keep adds up.
        self._kinds = [(replace(shape, layers=(layer,)), count) for layer, count in Counter(shape.layers).items()]
        self._kv_of_context: dict[int, int] = {}

    @property
    def weight_bytes(self) -> int:
        return self.shape.weight_bytes

    @property
    def vocabulary_bytes(self) -> int:
        """The engine's tables of it, which no load config changes."""
        return fixed_bytes(self.shape) - self.shape.weight_bytes

    @property
    def train_context_tokens(self) -> int:
        return self.shape.train_context_tokens or UNKNOWN_TRAIN_CONTEXT_TOKENS

    @cached_property
    def kv_bytes(self) -> int:
        return self._kv(self._asked.context_tokens)

    @cached_property
    def bytes_per_token(self) -> int:
        return bytes_per_token(self.shape, self._asked.context_tokens, self._asked.kv_type)

    def predicted_bytes(self, overhead_bytes: int) -> int:
        return fixed_bytes(self.shape) + self.kv_bytes + overhead_bytes

    def largest_context(self, room_bytes: int) -> int:
        """The largest context per slot whose KV cache leaves weights and cache within `room_bytes`; 0 for none.

        In steps of CONTEXT_STEP_TOKENS, up to what the model was trained for.
        """
        for_kv_bytes = room_bytes - fixed_bytes(self.shape)
        if for_kv_bytes < 0:
            return 0
        if self._kv(self.train_context_tokens) <= for_kv_bytes:
            return self.train_context_tokens
        steps = range(0, self.train_context_tokens, CONTEXT_STEP_TOKENS)
        fitting = bisect_right(steps, for_kv_bytes, lo=1, key=self._kv) - 1
        largest = steps[fitting]
        if largest < self._asked.context_tokens <= self.train_context_tokens and self.kv_bytes <= for_kv_bytes:
            return self._asked.context_tokens  # between two steps
        return largest

    def _kv(self, context_tokens: int) -> int:
        known = self._kv_of_context.get(context_tokens)
        if known is None:
            known = self._kv_of_context[context_tokens] = self._sized(context_tokens, self._asked.parallel)
        return known

    def _sized(self, context_tokens: int, parallel: int) -> int:
        """The one place where the shortlist asks for sizes."""
        return sum(count * kv_bytes(kind, context_tokens, parallel, self._asked.kv_type) for kind, count in self._kinds)

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each layer of a model remembers, from its metadata and from what llama.cpp adds to it for some architectures.

Where the file and these tables are silent, a layer is taken for full attention: too much memory, never too little.
"""

from __future__ import annotations

from .header import GgufError
from .model import MOST_LAYERS, GgufModel
from .shape import Layer

LARGEST = 1 << 24  # no length, head count or rank of a real model is near these
STATE_ELEMENT_BYTES = 4  # a recurrent state is f32, whatever the KV type

# Sliding windows whose pattern llama.cpp knows when the file has none: every n-th layer is full attention, the last of
# its n, or the first where `first` says so. Facts of llama.cpp b11434, src/models/*.cpp.
PERIODS = {
    "afmoe": 4, "cohere2": 4, "cohere2moe": 4, "exaone-moe": 4, "exaone4": 4, "gemma2": 2, "gemma3": 6, "gemma3n": 5,
    "gpt-oss": 2, "laguna": 4, "llama4": 4, "mellum": 4, "muse-glimmer": 4, "olmo2": 4, "plamo3": 8, "smallthinker": 4,
}  # fmt: skip
FULL_FIRST = ("cohere2moe", "laguna", "smallthinker")
WINDOWS_TOKENS = {"gemma2": 4096, "exaone4": 4096, "llama4": 8192}  # where the file has no window
FIXED_WINDOWS_TOKENS = {"llama4": 8192, "smallthinker": 4096}  # whatever window the file has
WINDOW_IGNORED = ("phi3",)
EVERY_ATTENTION_LAYER_SLIDES = ("lfm2", "lfm2moe")
EXAONE4_SLIDING_LAYERS = 64  # the smaller one of that family has full attention

ALL_RECURRENT = ("mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7")
BOTH_IN_EACH_LAYER = ("falcon-h1",)
ATTENTION_INTERVALS = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4, "qwen4exp": 4, "minimax-01": 8}
LIGHTNING_ATTENTION = ("minimax-01",)  # its recurrent state is a key by a value per head
GEMMA3N_OWN_KV_LAYERS = 20


def layers_of(model: GgufModel) -> tuple[Layer, ...]:
    """One entry per layer that runs; next-token-prediction layers at the end have no cache unless they are used."""
    return _Layers(model).all()


def drafting_layers_of(model: GgufModel) -> tuple[Layer, ...]:
    """The layers at the end that predict further tokens: each is one of full attention, whatever the others are."""
    layers = _Layers(model)
    return tuple(
        layers.layer(number, True, None, False, 0) for number in range(layers.count - model.unused_layers, layers.count)
    )


class _Layers:
    def __init__(self, model: GgufModel) -> None:
        self.model = model
        self.count = model.integer("block_count") or 0
        self.embedding = self.length("embedding_length")
        recurrent_only = model.architecture in ALL_RECURRENT
        self.heads: list[int] = []
        if 0 < self.count <= MOST_LAYERS:
            self.heads = model.per_layer("attention.head_count", self.count) or [0] * self.count
        if not self.heads or not self.embedding or (max(self.heads) < 1 and not recurrent_only):
            raise self.broken("lacks its layers, heads or embedding length")
        self.kv_heads = model.per_layer("attention.head_count_kv", self.count) or self.heads
        if not all(0 <= one <= LARGEST for one in (*self.heads, *self.kv_heads)):
            raise self.broken("has an impossible number of heads")

    def all(self) -> tuple[Layer, ...]:
        count = self.count - self.model.unused_layers
        window_tokens = self.window_tokens(count)
        slides = self.slides(count) if window_tokens else [False] * count
        recurrent = self.recurrent(count)
        state_bytes = self.state_bytes()
        own_kv = self.own_kv_layers()
        return tuple(
            self.layer(
                number, number < own_kv, window_tokens if slides[number] else None, recurrent[number], state_bytes
            )
            for number in range(count)
        )

    def layer(self, number: int, own_kv: bool, window_tokens: int | None, recurrent: bool, state_bytes: int) -> Layer:
        if recurrent and self.model.architecture not in BOTH_IN_EACH_LAYER:
            return Layer(state_bytes=state_bytes)
        kept_bytes = state_bytes if recurrent else 0
        if not own_kv or not self.kv_heads[number]:
            return Layer(state_bytes=kept_bytes)
        key_length, value_length = self.key_and_value_length(window_tokens is not None)
        return Layer(self.kv_heads[number], key_length, value_length, window_tokens, kept_bytes)

    def key_and_value_length(self, slides: bool) -> tuple[int, int]:
        """Latent attention keeps one compressed key and no value; sparse attention adds its indexer's key."""
        default = self.embedding // (self.heads[0] or max(self.heads))
        key, value = self.length("attention.key_length", default), self.length("attention.value_length", default)
        if slides:
            key = self.length("attention.key_length_swa", key)
            value = self.length("attention.value_length_swa", value)
        latent = self.length("attention.key_length_mla") and self.length("attention.value_length_mla")
        return key + self.length("attention.indexer.key_length"), 0 if latent else value

    def window_tokens(self, count: int) -> int:
        architecture, window = self.model.architecture, self.model.integer("attention.sliding_window")
        if architecture in WINDOW_IGNORED or window == 0:
            return 0
        if architecture == "exaone4" and count != EXAONE4_SLIDING_LAYERS:
            return 0
        if window is None:
            return WINDOWS_TOKENS.get(architecture, 0)
        return FIXED_WINDOWS_TOKENS.get(architecture, self.length("attention.sliding_window"))

    def slides(self, count: int) -> list[bool]:
        """Which layers see only their window. A period is trusted only of an architecture that is known to have one."""
        architecture, pattern = self.model.architecture, self.model.key("attention.sliding_window_pattern")
        if isinstance(pattern, list):
            return [bool(one) for one in pattern[:count]] + [False] * (count - len(pattern))
        if architecture in EVERY_ATTENTION_LAYER_SLIDES:
            return [True] * count
        if architecture not in PERIODS:
            return [False] * count
        period = self.length("attention.sliding_window_pattern", PERIODS[architecture])
        full = 0 if architecture in FULL_FIRST else period - 1
        return [period == 0 or number % period != full for number in range(count)]

    def recurrent(self, count: int) -> list[bool]:
        architecture, listed = self.model.architecture, self.model.key("attention.recurrent_layers")
        if architecture in ALL_RECURRENT or architecture in BOTH_IN_EACH_LAYER:
            return [True] * count
        if isinstance(listed, list) and len(listed) >= count:
            return [bool(one) for one in listed[:count]]
        interval = self.length("full_attention_interval", ATTENTION_INTERVALS.get(architecture, 0))
        if interval:
            return [(number + 1) % interval != 0 for number in range(count)]
        forward: list[int] = [0] * count
        if architecture.startswith("nemotron_h"):  # there a layer with neither is a feed-forward layer
            forward = self.model.per_layer("feed_forward_length", self.count) or forward
        return [self.kv_heads[number] == 0 and forward[number] == 0 for number in range(count)]

    def state_bytes(self) -> int:
        """Convolution and state of one recurrent layer and slot: RWKV, short convolutions, delta attention, Mamba."""
        heads, convolution = self.heads[0], max(0, self.length("ssm.conv_kernel") - 1)
        inner, state = self.length("ssm.inner_size"), self.length("ssm.state_size")
        wkv, short, delta = self.length("wkv.head_size"), self.length("shortconv.l_cache"), self.length("kda.head_dim")
        if wkv:
            elements = self.embedding * (self.length("token_shift_count", 2) + wkv)
        elif short:
            elements = self.embedding * (short - 1) + state * inner
        elif delta:
            elements = 3 * (convolution or 3) * heads * delta + delta * delta * heads
        elif self.model.architecture in LIGHTNING_ATTENTION:
            elements = self.length("attention.key_length", self.embedding // max(self.heads)) ** 2 * heads
        else:
            elements = convolution * (inner + 2 * self.length("ssm.group_count") * state) + state * inner
        return elements * STATE_ELEMENT_BYTES

    def own_kv_layers(self) -> int:
        """Layers from here on read the cache of an earlier one."""
        shared = self.model.integer("attention.shared_kv_layers")
        if shared is not None:
            return self.count - shared
        return GEMMA3N_OWN_KV_LAYERS if self.model.architecture == "gemma3n" else self.count

    def length(self, name: str, default: int = 0) -> int:
        value = self.model.integer(name)
        if value is None:
            return default
        if not 0 <= value <= LARGEST:
            raise self.broken(f"has an impossible {name} of {value}")
        return value

    def broken(self, what: str) -> GgufError:
        return GgufError(
            f"The GGUF header of this {self.model.architecture} model {what}",
            "use a GGUF file of a language model",
        )

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted against measured bytes on the real llama.cpp, after one calibration load.

The calibration load is the first of the tiny mixture of experts; everything else is predicted from it and from headers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.module_utils import gguf
from ansible_collections.local_llm.lab.plugins.module_utils.engines import LoadRequest, connect

from ..conftest import smollm2, unused_port
from ..fakes.tiny_gguf import write_tiny_gguf
from ..fakes.tiny_models import ARCHITECTURES, write_tiny_model

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "build" / "sizing.md"
MIB = 1024**2
PRINTED_BYTES = 0.01 * MIB  # the log has two decimals, of two caches at most


@dataclass(frozen=True)
class Load:
    model: str
    context_tokens: int
    parallel: int
    kv_type: str


@dataclass(frozen=True)
class Row:
    """What one load was predicted to take beside the overhead, and what it took."""

    load: Load
    kv_predicted_bytes: int
    kv_reported_bytes: int
    own_bytes: int
    resident_bytes: int

    @property
    def kv_error_pct(self) -> float:
        """Beyond what rounding in the log hides."""
        off = abs(self.kv_predicted_bytes - self.kv_reported_bytes)
        return 0.0 if off <= PRINTED_BYTES else 100 * off / self.kv_reported_bytes

    def resident_error_pct(self, overhead_bytes: int) -> float:
        return 100 * abs(self.own_bytes + overhead_bytes - self.resident_bytes) / self.resident_bytes


def loads(model: str, contexts: Sequence[int]) -> list[Load]:
    alone = [Load(model, context, 1, kv_type) for context in contexts for kv_type in ("f16", "q8_0")]
    return [*alone, Load(model, contexts[0], 3, "f16")]


TINY = (1024, 2048, 4096)
ALL = [
    *loads("moe", TINY),
    *(load for kind in ARCHITECTURES for load in loads(kind, TINY)),
    *loads("smollm2", (1024, 4096, 8192)),
]


def measure(scratch: Path) -> dict[str, float]:
    rows = list(measured(ALL, scratch))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table(rows))
    overhead_bytes = calibrated(rows)
    return {
        "loads": len(rows),
        "overhead_mib": round(overhead_bytes / MIB, 1),
        "resident_error_max_pct": round(max(row.resident_error_pct(overhead_bytes) for row in rows), 2),
        "kv_error_max_pct": round(max(row.kv_error_pct for row in rows), 2),
    }


def calibrated(rows: Sequence[Row]) -> int:
    """The engine's own bytes here, by the first load alone."""
    return rows[0].resident_bytes - rows[0].own_bytes


def measured(asked: Sequence[Load], scratch: Path) -> Iterator[Row]:
    options = {"python": sys.executable, "state_dir": str(scratch / "engine"), "threads": 1}
    engine = connect("llama_cpp", f"http://127.0.0.1:{unused_port()}", options)
    try:
        for load in asked:
            path = model_file(load.model, scratch)
            shape = gguf.shape_of(gguf.read_model(str(path)))
            config = (load.context_tokens, load.parallel, load.kv_type)
            instance = engine.load(LoadRequest(load.model, str(path), *config), timeout_seconds=120)
            assert instance.kv_bytes is not None and instance.resident_bytes, f"nothing says what {load} took"
            yield Row(
                load,
                gguf.kv_bytes(shape, *config),
                instance.kv_bytes,
                gguf.predicted_bytes(shape, *config, overhead_bytes=0),
                instance.resident_bytes,
            )
            engine.unload(instance.id)
    finally:
        engine.unload_all()


def table(rows: Sequence[Row]) -> str:
    """The table of docs/sizing.md."""
    overhead_bytes = calibrated(rows)
    lines = [
        "| model | context | slots | KV type | KV predicted, MiB | KV reported | predicted, MiB | resident | off by |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        load, predicted_bytes = row.load, row.own_bytes + overhead_bytes
        off = 100 * (predicted_bytes - row.resident_bytes) / row.resident_bytes
        lines.append(
            f"| {load.model} | {load.context_tokens} | {load.parallel} | {load.kv_type} "
            f"| {row.kv_predicted_bytes / MIB:.2f} | {row.kv_reported_bytes / MIB:.2f} "
            f"| {predicted_bytes / MIB:.1f} | {row.resident_bytes / MIB:.1f} | {off:+.1f} % |"
        )
    return "\n".join(lines) + "\n"


def model_file(model: str, scratch: Path) -> Path:
    if model == "smollm2":
        return smollm2()
    path = scratch / f"{model}.gguf"
    if not path.exists():
        write_tiny_gguf(path) if model == "moe" else write_tiny_model(path, model)
    return path

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook and the worker need of one block."""

from __future__ import annotations

from typing import Any

from ...module_utils.gguf import UNCALIBRATED_OVERHEAD_BYTES
from ..canary import Resources
from ..store.rows import Block
from .inspect import Definition


def described(
    definition: Definition, resources: Resources, host: dict[str, Any], left: Block, overhead_bytes: int | None
) -> dict[str, Any]:
    """`host` is `{name, host_class, engine}`; `overhead_bytes` what its engine was measured to take beside a model."""
    model = definition.catalog[left.model]
    return {
        "sweep": definition.sweep.name,
        "number": left.number,
        "host": host["name"],
        "host_class": host["host_class"],
        "engine": host["engine"],
        "load_digest": left.load_digest,
        "load": left.load,
        "model": model.name,
        "engine_model": model.cloud.id if model.cloud else model.name_under(left.load),
        "file": None if model.cloud else model.weights(left.load).file,
        "draft_file": next((one.file for one in model.drafts(left.load)), None),
        "chat_template": model.template_text(),
        "alternatives": model.alternatives(),
        "canary_folders": {name: str(canary.path) for name, canary in definition.canaries.items()},
        "toolchain": str(resources.toolchain) if resources.toolchain else None,
        "repositories": str(resources.repositories),
        "trial_seconds": left.trial_seconds,
        "overhead_bytes": UNCALIBRATED_OVERHEAD_BYTES if overhead_bytes is None else overhead_bytes,
        "overhead_calibrated": overhead_bytes is not None,
    }

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs that several action plugins share: the machine's side of doc_fragments/lab.py."""

from __future__ import annotations

from typing import Any

STORE_OPTIONS: dict[str, Any] = {
    "lab_home": {"type": "path", "required": True},
    "store_url": {"type": "str", "required": True},
}
SWEEP_OPTIONS: dict[str, Any] = {
    "sweep": {"type": "path", "required": True},
    "catalog": {"type": "path", "required": True},
    "canary_folders": {"type": "list", "elements": "path", "default": []},
}
HOST_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "engine": {"type": "str", "required": True},
    "engine_build": {"type": "str", "required": True},
    "tier": {"type": "str", "choices": ["full", "lite", "cloud"], "required": True},
    "gpu": {"type": "str", "required": True},
    "total_bytes": {"type": "int", "required": True},
    "driver": {"type": "str"},
    "capabilities": {"type": "dict", "default": {}},
    "settings": {"type": "dict", "default": {}},
    "tariff": {
        "type": "dict",
        "options": {"per_kwh": {"type": "float", "required": True}, "currency": {"type": "str", "required": True}},
    },
    "price": {
        "type": "dict",
        "options": {
            "amount": {"type": "float", "required": True},
            "currency": {"type": "str", "required": True},
            "lifetime_hours": {"type": "float", "required": True},
        },
    },
}
BLOCK_OPTIONS: dict[str, Any] = {
    "block": {"type": "dict", "required": True},
    "base_url": {"type": "str", "required": True},
    "api_key": {"type": "str", "no_log": True},
}
SANDBOX_OPTION: dict[str, Any] = {"sandbox": {"type": "str"}}
GENERATION_OPTIONS: dict[str, Any] = {"sweep": {"type": "str", "required": True}, "generation": {"type": "int"}}
DEPLOYED_HOST_OPTIONS: dict[str, Any] = {
    **{name: HOST_OPTIONS[name] for name in ("name", "engine", "tier", "gpu", "total_bytes")},
    "base_url": {"type": "str", "required": True},
}

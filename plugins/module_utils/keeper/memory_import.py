# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An importer for modules whose sources are in memory. Stands alone: its own text is sent first."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from typing import Any


class MemoryImporter(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def __init__(self, sources: dict[str, str], packages: list[str]) -> None:
        self.sources = sources
        self.packages = set(packages)
        for name in sources:  # every package above a module is one, even where it has no text
            while "." in name:
                name = name.rpartition(".")[0]
                self.packages.add(name)

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname in self.sources or fullname in self.packages:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname in self.packages)
        return None

    def get_source(self, fullname: str) -> str:
        return self.sources.get(fullname, "")

    def is_package(self, fullname: str) -> bool:
        return fullname in self.packages


def run(bundle: dict[str, Any]) -> None:
    sys.meta_path.insert(0, MemoryImporter(bundle["sources"], bundle["packages"]))
    importlib.import_module(bundle["entry"]).main(bundle["arguments"])

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tree promises and no other linter reads: the doors between the rooms, roles' arguments, action groups."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
COLLECTION = ("ansible_collections", "local_llm", "lab", "plugins")
THIN = {"modules", "action", "inventory", "filter", "lookup", "callback", "doc_fragments"}


def imports(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every imported name of a plugin file, absolute, ours as (plugins, room, ...)."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            names = [(*module, alias.name) for alias in node.names]
        else:
            continue
        for name in names:
            yield node.lineno, name[3:] if name[:4] == COLLECTION else name


def doors() -> Iterator[str]:
    """Playbooks, roles, plugins (thin), logic: imports go that way only; the host's floor knows no other."""
    for floor in ("module_utils", "plugin_utils"):
        for path in sorted((PLUGINS / floor).rglob("*.py")):
            for line, name in imports(path):
                where = f"{path.relative_to(ROOT)}:{line}"
                if name[0] == "ansible":
                    yield f"{where}: logic imports Ansible ({'.'.join(name)}); only the thin plugins do"
                if name[0] == "plugins" and name[1] in THIN:
                    yield f"{where}: logic imports a plugin ({'.'.join(name)})"
                if name[:2] == ("plugins", "plugin_utils") and floor == "module_utils":
                    yield f"{where}: what runs on an LLM host imports the controller's floor ({'.'.join(name)})"
                if floor == "module_utils" and name[0] not in sys.stdlib_module_names | {"plugins", "xllamacpp"}:
                    yield f"{where}: what runs on an LLM host imports {name[0]}, which is not in the standard library"


def roles() -> Iterator[str]:
    """A role's defaults are the arguments it documents, with the same values."""
    for role in sorted((ROOT / "roles").glob("*/")):
        defaults = _load(role / "defaults" / "main.yml") or {}
        specs = (_load(role / "meta" / "argument_specs.yml") or {}).get("argument_specs", {})
        if "main" not in specs:
            yield f"roles/{role.name}: meta/argument_specs.yml does not describe the entry point main"
            continue
        options = {key: value for spec in specs.values() for key, value in (spec.get("options") or {}).items()}
        for name in sorted(defaults.keys() - options.keys()):
            yield f"roles/{role.name}: {name} has a default and is in no argument spec"
        for name, option in sorted(options.items()):
            if not name.startswith(f"{role.name}_"):
                yield f"roles/{role.name}: the argument {name} lacks the role's prefix"
            if "default" in option and name in defaults and option["default"] != defaults[name]:
                yield f"roles/{role.name}: the argument spec says {name}={option['default']!r}, not {defaults[name]!r}"
        if not (role / "README.md").exists():
            yield f"roles/{role.name}: has no README.md"


def action_groups() -> Iterator[str]:
    """A group's members exist, and share at least one option: else module_defaults would do nothing or fail."""
    for group, members in (_load(ROOT / "meta" / "runtime.yml").get("action_groups") or {}).items():
        options = []
        for member in members:
            path = PLUGINS / "modules" / f"{member}.py"
            if not path.exists():
                yield f"meta/runtime.yml: the action group {group} names {member}, which is no module"
                continue
            options.append(_documented_options(path))
        if options and not set.intersection(*options):
            yield f"meta/runtime.yml: the members of the action group {group} share no option"


def action_stubs() -> Iterator[str]:
    """An action plugin is documented by the module beside it."""
    for path in sorted((PLUGINS / "action").glob("[!_]*.py")):
        if not (PLUGINS / "modules" / path.name).exists():
            yield f"plugins/action/{path.name}: has no documentation in plugins/modules/{path.name}"


def _documented_options(path: Path) -> set[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
            document = yaml.safe_load(ast.literal_eval(node.value))
            fragments = document.get("extends_documentation_fragment", [])
            return set(document.get("options", {})).union(*map(_fragment_options, fragments))
    return set()


def _fragment_options(fragment: str) -> set[str]:
    """`namespace.collection.file` or `namespace.collection.file.constant`."""
    name, constant = (*fragment.split(".")[2:], "documentation")[:2]
    path = PLUGINS / "doc_fragments" / f"{name}.py"
    for node in ast.walk(ast.parse(path.read_text())) if path.exists() else ():
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == constant.upper():
            return set(yaml.safe_load(ast.literal_eval(node.value)).get("options", {}))
    return set()


def _load(path: Path) -> dict:
    return yaml.safe_load(path.read_text()) if path.exists() else {}


def main() -> int:
    findings = [finding for check in (doors, roles, action_groups, action_stubs) for finding in check()]
    print("\n".join(findings) or "tree: the doors, the roles' arguments and the action groups are as promised")
    return 1 if findings else 0


sys.exit(main())

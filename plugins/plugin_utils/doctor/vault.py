# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's secrets: sealed ones that open, and none that lie open."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...module_utils.doctor import Check, Finding

HEADER = "$ANSIBLE_VAULT;"
SEALED_VALUE = re.compile(r"!vault\s*\|[-+]?[^\n]*\n((?:[ \t]+\S+\n?)+)")
# `completion_tokens: 24` is no secret, `lab_api_key: "{{ vault_lab_api_key }}"` neither.
NAME = r"""["']?(?P<name>\w*(?:api_?key|passw(?:or)?d|_pass|secret|token))["']?"""
VALUE = r"""(?:!unsafe[ \t]+)?(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s#|>!&*{\[,}\]][^\s,}\]]*)"""
PLAIN = (
    re.compile(rf"(?:^|[{{,])[ \t-]*{NAME}[ \t]*:[ \t]+{VALUE}", re.IGNORECASE | re.MULTILINE),  # YAML, JSON
    re.compile(rf"(?:^|[\s?&]){NAME}[ \t]*=[ \t]*{VALUE}", re.IGNORECASE | re.MULTILINE),  # INI
    re.compile(rf"^[ \t-]*{NAME}[ \t]*:[ \t]*[|>][-+\d]*[ \t]*\n\s*(?P<value>\S+)", re.IGNORECASE | re.MULTILINE),
    re.compile(r"(?P<name>[a-z][\w+.-]*)://[^\s:/@]*:(?P<value>[^\s/@]+)@", re.IGNORECASE),
)
HARMLESS = re.compile(r"""^["']?(\{\{.*|\d+|null|~|true|false|yes|no)?["']?$""", re.IGNORECASE)
COMMENT = re.compile(r"^[ \t]*[#;].*|[ \t]#.*", re.MULTILINE)
TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
LARGEST_BYTES = 1 << 20
SUFFIXES = ("", ".yml", ".yaml", ".json", ".ini", ".vault")

VAULT = Check(
    "vault",
    "every vault-encrypted file and value of the inventory opens with the passwords at hand",
    {
        "password": (
            "(umask 077; cat >{file}) && export ANSIBLE_VAULT_IDENTITY_LIST={label}@{file} "
            "# type the password, Enter, Ctrl-D"
        )
    },
)
PLAINTEXT = Check(
    "plaintext_keys",
    "variables and URLs of the inventory's files: a value in plain text where the name ends in api_key, password, "
    "passwd, _pass, secret or token, a password in a URL; no key under another name is found",
    {"seal": "ansible-vault encrypt {files}"},
)

Opens = Callable[[Path], "str | None"]  # why a sealed file does not open, or None


@dataclass(frozen=True)
class Sealed:
    """A whole file, or one value in it, which Ansible opens only where it is used."""

    path: Path
    label: str
    why: str | None
    whole: bool = True


@dataclass(frozen=True)
class SecretsSeen:
    sealed: tuple[Sealed, ...]
    plain: tuple[tuple[Path, str], ...]


def gather(sources: list[str], opens: Opens) -> SecretsSeen:
    sealed: list[Sealed] = []
    plain: list[tuple[Path, str]] = []
    for path, text in files(sources):
        if text.startswith(HEADER):
            sealed.append(Sealed(path, label_of(text), opens(path)))
            continue
        for value in SEALED_VALUE.findall(text):
            whole = "\n".join(line.strip() for line in value.splitlines()) + "\n"
            if whole.startswith(HEADER):
                sealed.append(Sealed(path, label_of(whole), _opens_value(whole, opens), whole=False))
        plain.extend((path, name) for name in plain_secrets(text))
    return SecretsSeen(tuple(sealed), tuple(plain))


def files(sources: list[str]) -> Iterator[tuple[Path, str]]:
    """The text files of an inventory: the sources, and what lies in group_vars and host_vars beside them."""
    found: set[Path] = set()
    for source in map(Path, sources):
        if source.is_dir():
            found.update(source.rglob("*"))
        elif source.is_file():
            found.add(source)
            for folder in ("group_vars", "host_vars"):
                found.update((source.parent / folder).rglob("*"))
    for path in sorted(found):
        if path.is_file() and path.suffix in SUFFIXES and path.stat().st_size <= LARGEST_BYTES:
            try:
                yield path, path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue


def plain_secrets(text: str) -> list[str]:
    """The names of variables that look like a secret in plain text, and the schemes of URLs with a password."""
    text = TEMPLATE.sub("{{}}", COMMENT.sub("", text))
    found = sorted((one for form in PLAIN for one in form.finditer(text)), key=lambda one: one.start())
    names = (one["name"] + ("://" if one.re is PLAIN[-1] else "") for one in found if not HARMLESS.match(one["value"]))
    return list(dict.fromkeys(names))


def label_of(text: str) -> str:
    """The vault id in a header such as `$ANSIBLE_VAULT;1.2;AES256;prod`."""
    words = text.partition("\n")[0].strip().split(";")
    return words[3] if len(words) > 3 else "default"


def _opens_value(text: str, opens: Opens) -> str | None:
    with tempfile.NamedTemporaryFile("w", prefix="lab-sealed-", suffix=".vault") as file:
        file.write(text)
        file.flush()
        return opens(Path(file.name))


def vault(seen: SecretsSeen) -> Finding:
    shut = [one for one in seen.sealed if one.why is not None]
    if not shut:
        return VAULT.ok(f"{len(seen.sealed)} sealed, all of them open" if seen.sealed else "nothing is sealed")
    paths = ", ".join(dict.fromkeys(str(one.path) for one in shut))
    label = shut[0].label
    file = Path.home() / f".vault-{re.sub(r'[^A-Za-z0-9_-]', '-', label)}"
    return VAULT.fail(f"{paths} does not open: {shut[0].why}", VAULT.command("password", file=file, label=label))


def plaintext_keys(seen: SecretsSeen) -> Finding:
    if not seen.plain:
        return PLAINTEXT.ok("none was seen")
    named = ", ".join(f"{name} in {path}" for path, name in seen.plain)
    paths = list(dict.fromkeys(str(path) for path, _name in seen.plain))
    command = " && ".join(PLAINTEXT.command("seal", files=path) for path in paths)
    return PLAINTEXT.warn(f"{named} looks like a secret in plain text", command)

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller itself: what a sweep needs here before it touches a host."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from ...module_utils.doctor import Check, Finding
from ...module_utils.doctor.look import gib
from ...module_utils.errors import LabError
from ..paths import COLLECTION_ROOT
from ..sandbox import select
from ..store import Store, StoreOfLaterVersion
from ..store.migrations import VERSION

GIB = 1024**3
WARN_BYTES, FAIL_BYTES = 10 * GIB, GIB

ANSIBLE_CORE = Check(
    "ansible_core",
    "the version of ansible-core against what the collection needs",
    {"pip": "{python} -m pip install {requirement}"},
)
SANDBOX = Check(
    "sandbox",
    "a sandbox for model-written code works here (it is really opened)",
    {
        "bubblewrap": "sudo apt-get install -y bubblewrap",
        "namespaces": "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        "docker": "open -a Docker # then lab_sandbox: docker:IMAGE, with python3 and git in the image",
    },
)
STORE = Check(
    "store",
    "the store answers, has its tables, and is not of a later version",
    {
        "service": "sudo systemctl start postgresql",
        "remote": "ssh {host} sudo systemctl start postgresql",
        "own": "sudo chown -R {user} {folder}",
        "aside": "mv {file} {file}.before # cards and transcripts stay; the next sweep makes a new store",
        "upgrade": "ansible-galaxy collection install --upgrade local_llm.lab",
        "database": "createdb -h {host} -p {port} -U {user} {name} # then name it in lab_store_url",
    },
)
LAB_HOME = Check(
    "lab_home",
    "free disk where transcripts and reports go",
    {"toolchain": "rm -rf {home}/toolchain/* # the next sweep builds what it needs again"},
)


def ansible_core(installed: str | None = None, needed: str | None = None) -> Finding:
    installed = installed or importlib.metadata.version("ansible-core")
    needed = needed or _needed()
    if _numbers(installed) >= _numbers(needed):
        return ANSIBLE_CORE.ok(f"{installed}, {needed} or newer is needed")
    remedy = ANSIBLE_CORE.command("pip", python=sys.executable, requirement=f"ansible-core>={needed}")
    return ANSIBLE_CORE.fail(f"{installed}, {needed} or newer is needed", remedy)


def _needed() -> str:
    found = re.search(r'requires_ansible: ">=([\d.]+)"', (COLLECTION_ROOT / "meta" / "runtime.yml").read_text())
    return found[1] if found else "0"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(word) for word in re.findall(r"\d+", version)[:2])


def sandbox(preferred: str | None) -> Finding:
    try:
        return SANDBOX.ok(select(preferred).name)
    except LabError as error:
        if platform.system() == "Darwin" or (preferred or "").startswith("docker"):
            return SANDBOX.fail(error.message, SANDBOX.command("docker"))
        return SANDBOX.fail(error.message, SANDBOX.command("namespaces" if shutil.which("bwrap") else "bubblewrap"))


def store(url: str) -> Finding:
    try:
        with Store(url, read_only=True) as opened:
            version, lacking = opened.version, opened.lacks()
    except StoreOfLaterVersion as error:
        return STORE.fail(error.message, STORE.command("upgrade"))
    except LabError as error:
        return STORE.fail(error.message, mend_store(url))
    if version < VERSION:
        return STORE.ok(f"it is of an earlier version ({version}): the next sweep brings it up to {VERSION}")
    if lacking:
        return STORE.fail(f"it lacks {', '.join(lacking)}", renew_store(url))
    return STORE.ok("it answers, or is made by the first sweep")


def mend_store(url: str) -> str:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        address = make_url(url)
    except ArgumentError:
        return STORE.command("service")
    if address.get_backend_name() == "sqlite":
        file = Path(address.database or ".")
        if os.access(file, os.R_OK | os.W_OK) and os.access(file.parent, os.W_OK):
            return STORE.command("aside", file=file)  # it can be had, and is no store
        folder = file.parent
        return STORE.command("own", user=getpass.getuser(), folder=folder)
    if address.host in (None, "localhost", "127.0.0.1", "::1"):
        return STORE.command("service")
    return STORE.command("remote", host=address.host)


def renew_store(url: str) -> str:
    from sqlalchemy import make_url

    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return STORE.command("aside", file=address.database)
    user = address.username or getpass.getuser()
    host, port = address.host or "localhost", address.port or 5432
    return STORE.command("database", host=host, port=port, user=user, name=f"{address.database}_next")


def lab_home(home: str, free_bytes: int | None = None) -> Finding:
    place = Path(home)
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free if free_bytes is None else free_bytes
    evidence = f"{gib(free)} free in {home}"
    if free >= WARN_BYTES:
        return LAB_HOME.ok(evidence)
    remedy = LAB_HOME.command("toolchain", home=home)
    return (LAB_HOME.fail if free < FAIL_BYTES else LAB_HOME.warn)(evidence, remedy)

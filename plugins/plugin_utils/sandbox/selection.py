# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backend works here: each candidate is really tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from .bubblewrap import Bubblewrap
from .docker import Docker
from .inside import interpreters
from .programs import Unfit
from .session import Sandbox
from .spec import SandboxDied, SandboxSpec, SandboxUnavailable
from .unshare import Unshare

_REMEDY = (
    "Install bubblewrap (Debian, Ubuntu, Fedora: package bubblewrap) and let users make namespaces (on Ubuntu 24.04: "
    "sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a container: as root with the capability SYS_ADMIN, or "
    "with systempaths=unconfined), or name an image with python3 and git as docker:IMAGE."
)


class Backend(Protocol):
    """A way to make sandboxes."""

    @property
    def name(self) -> str: ...

    def open(self, spec: SandboxSpec) -> Sandbox: ...


def select(preferred: str | None = None) -> Backend:
    """The first backend that works here, or the preferred one: bubblewrap, unshare or docker:IMAGE."""
    reasons: list[str] = []
    for name, make in _candidates(preferred):
        try:
            backend = make()
            _probe(backend)
        except (Unfit, SandboxDied) as error:
            reasons.append(f"{name}: {error.message if isinstance(error, SandboxDied) else error}")
        else:
            return backend
    # Two interpreters may fail for one reason.
    why = "; ".join(dict.fromkeys(reasons))
    raise SandboxUnavailable(f"No sandbox for model-written code works here ({why}).", _REMEDY)


def _candidates(preferred: str | None) -> Iterator[tuple[str, Callable[[], Backend]]]:
    kind, _unused, image = (preferred or "").partition(":")
    if kind not in ("", "bubblewrap", "unshare", "docker"):
        raise SandboxUnavailable(f"There is no sandbox named {preferred}.", "Use bubblewrap, unshare or docker:IMAGE.")
    if kind in ("", "bubblewrap"):
        for interpreter in interpreters():
            yield "bubblewrap", partial(Bubblewrap, interpreter)
    if kind in ("", "unshare"):
        for interpreter in interpreters():
            yield "unshare", partial(Unshare, interpreter)
    if kind == "docker" and image:
        yield "docker", partial(Docker, image)
    elif kind in ("", "docker"):
        yield "docker", _no_image


def _no_image() -> Backend:
    raise Unfit("no image is named")


def _probe(backend: Backend) -> None:
    with backend.open(SandboxSpec()) as sandbox:
        result = sandbox.call("run", {"command": ["git", "--version"], "timeout_seconds": 20}, timeout_seconds=30)
        if result.get("exit_code") != 0:
            raise Unfit(f"git does not run inside: {result.get('error') or result.get('output')}")

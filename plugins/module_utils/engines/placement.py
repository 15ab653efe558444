# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a host to exactly one model, or to none, and saying what that took.

One process at a time changes what an engine has loaded (`turn`). Nothing is unloaded for a load that cannot work, and
nothing is loaded before the memory of what was unloaded is back.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .. import gguf, memory
from ..errors import LabError
from .base import (
    Engine,
    EngineError,
    EngineUnreachable,
    Instance,
    LoadFailed,
    LoadRequest,
    OptionUnsupported,
    UnloadFailed,
)
from .holding import Hold, held_throughout
from .returned import note_left_over, refuse_while_missing, wait_for_return
from .turn import Turn, turn

UNLOAD_TIMEOUT_SECONDS = 600.0  # as long as a load that has the turn may take


@dataclass(frozen=True)
class Placement:
    """What was there and what is. Without an `instance` the load was refused, or is only predicted (check mode).

    `resident_bytes` is what the load took: what the instance says, or by how much the available memory fell, whichever
    is more, since the process of a model on a GPU shows little of it. `bytes_per_token` is what generating one reads.
    """

    changed: bool
    admission: memory.Admission
    before: tuple[Instance, ...]
    after: tuple[Instance, ...]
    unloaded: tuple[str, ...] = ()
    instance: Instance | None = None
    load_seconds: float | None = None
    resident_bytes: int | None = None
    bytes_per_token: int | None = None


def place(
    engine: Engine,
    request: LoadRequest,
    reserve_bytes: int,
    overhead_bytes: int,
    timeout_seconds: float,
    check: bool = False,
    exclusive: bool = True,
    hold: Hold | None = None,
) -> Placement:
    """Have exactly this model loaded under exactly this load config; with `exclusive`, alone.

    What is there already stays. Otherwise: unload, wait until the memory is back, ask for admission, load, read back. A
    refused or failed load leaves nothing of the model. Not `exclusive`, other models stay and count as used memory.
    """
    if not engine.capabilities.load:
        engine.refuse_unsupported(request)
        instance = engine.load(request, timeout_seconds)
        return Placement(False, memory.admit(0, memory.available(), 0), (instance,), (instance,), instance=instance)
    # First of all: what cannot be loaded must not cost what is loaded.
    model = _model(request)
    shape = gguf.shape_of(model)
    predicted_bytes = gguf.predicted_bytes(shape, *_sized(request), overhead_bytes) + _drafting_bytes(request, model)
    engine.refuse_unsupported(request)
    if check:
        placement = _predicted(engine, request, predicted_bytes, reserve_bytes, exclusive)
    else:
        with turn(engine.base_url, timeout_seconds) as held, held_throughout(hold, engine):
            placement = _placed(engine, held, request, predicted_bytes, reserve_bytes, timeout_seconds, exclusive)
    return replace(placement, bytes_per_token=gguf.bytes_per_token(shape, request.context_tokens, request.kv_type))


def clear(
    engine: Engine,
    check: bool = False,
    timeout_seconds: float = UNLOAD_TIMEOUT_SECONDS,
    hold: Hold | None = None,
) -> tuple[Instance, ...]:
    """Have nothing loaded, and all memory back; returns what was unloaded."""
    if not engine.capabilities.load:
        return ()
    if check:
        return tuple(engine.loaded())
    with turn(engine.base_url, timeout_seconds) as held:
        if hold:
            hold.refuse_others()
        there = tuple(engine.loaded())
        held.keep_only(there)
        _unload(engine, held, there)
        refuse_while_missing(engine, held)
    return there


def provide(engine: Engine, request: LoadRequest, timeout_seconds: float, check: bool = False) -> bool:
    """Have the model known to the engine, without loading it; returns whether that took anything."""
    if engine.has(request):
        return False
    if not check:
        with turn(engine.base_url, timeout_seconds):
            engine.add(request, timeout_seconds)
    return True


def withdraw(
    engine: Engine, request: LoadRequest, timeout_seconds: float, check: bool = False
) -> tuple[bool, tuple[Instance, ...]]:
    """Have the model unknown to the engine, and so unloaded too; returns (changed, what was unloaded)."""
    if not engine.has(request):
        return False, ()
    if not engine.capabilities.download:
        raise OptionUnsupported(
            f"This engine does not remove models: {request.name} is not its own.",
            "delete the file, after state=unloaded",
        )
    if check:
        return True, _of_the_model(engine.loaded(), request)
    with turn(engine.base_url, timeout_seconds) as held:
        gone = _of_the_model(engine.loaded(), request)
        _unload(engine, held, gone)
        engine.remove(request)
    return True, gone


def _model(request: LoadRequest) -> gguf.GgufModel:
    if not request.path:
        raise EngineError(f"{request.name}: no GGUF file is named.", "give path: what it will take is read from it")
    return gguf.read_model(request.path)


def _sized(request: LoadRequest) -> tuple[int, int, str]:
    return request.context_tokens, request.parallel, request.kv_type


def _drafting_bytes(request: LoadRequest, model: gguf.GgufModel) -> int:
    """What speculative decoding takes beside: another model with its KV cache, or the KV cache of more layers."""
    asked = _sized(request)
    if request.speculative == "draft":
        if not request.draft_path:
            raise EngineError(f"{request.name}: no file is named to draft with.", "give draft_path")
        return gguf.predicted_bytes(gguf.shape_of(gguf.read_model(request.draft_path)), *asked, overhead_bytes=0)
    if request.speculative == "mtp":
        if not model.unused_layers:
            raise OptionUnsupported(
                f"{request.name} has no layers that predict further tokens (MTP).",
                "leave the level out for this model, or name a model that drafts for it in the catalog",
            )
        return gguf.kv_bytes(gguf.drafting_shape_of(model), *asked)
    return 0


def _predicted(
    engine: Engine, request: LoadRequest, predicted_bytes: int, reserve_bytes: int, exclusive: bool
) -> Placement:
    there = tuple(engine.loaded())
    stays, leaves, others = _divided(engine, there, request, exclusive)
    admission = _admission_with(stays, leaves, predicted_bytes, reserve_bytes)
    if admission.admitted and stays:
        return Placement(bool(leaves), admission, there, (*others, *stays), _ids(leaves), stays[0])
    after = (*others, _as_asked(request)) if admission.admitted else others
    return Placement(admission.admitted or bool(leaves or stays), admission, there, after, _ids((*leaves, *stays)))


def _placed(
    engine: Engine,
    held: Turn,
    request: LoadRequest,
    predicted_bytes: int,
    reserve_bytes: int,
    timeout_seconds: float,
    exclusive: bool,
) -> Placement:
    there = tuple(engine.loaded())
    held.keep_only(there)
    stays, leaves, others = _divided(engine, there, request, exclusive)
    admission = _admission_with(stays, leaves, predicted_bytes, reserve_bytes)
    if admission.admitted and stays:
        _unload(engine, held, leaves)
        resident_bytes = max(stays[0].resident_bytes or 0, held.took(stays[0]) or 0) or None
        after = (*others, *stays)
        return Placement(bool(leaves), admission, there, after, _ids(leaves), stays[0], resident_bytes=resident_bytes)
    _have(engine, request, timeout_seconds)
    refuse_while_missing(engine, held)
    unloaded = (*leaves, *stays)
    _unload(engine, held, unloaded)
    free_bytes = memory.available()
    admission = memory.admit(predicted_bytes, free_bytes, reserve_bytes)
    if not admission.admitted:
        return Placement(bool(unloaded), admission, there, others, _ids(unloaded))
    begin = time.monotonic()
    with _nothing_left_behind(engine, held, others, free_bytes, predicted_bytes):
        instance = engine.load(request, timeout_seconds)
        after = tuple(engine.loaded())
        _refuse_company(engine, request, after, len(others) + 1)
    load_seconds = round(time.monotonic() - begin, 3)
    taken_bytes = max(0, free_bytes - memory.available())
    held.note_load(instance, min(taken_bytes, predicted_bytes))  # no more is waited for, whatever else grew meanwhile
    resident_bytes = max(instance.resident_bytes or 0, taken_bytes) or None
    return Placement(True, admission, there, after, _ids(unloaded), instance, load_seconds, resident_bytes)


def _divided(
    engine: Engine, there: tuple[Instance, ...], request: LoadRequest, exclusive: bool
) -> tuple[tuple[Instance, ...], tuple[Instance, ...], tuple[Instance, ...]]:
    """What is exactly as asked (one, at most), what has to be unloaded for it, and what is left alone."""
    stays = tuple(one for one in there if engine.serves(one, request))[:1]
    affected = there if exclusive else (*stays, *_of_the_model(there, request))
    leaves = tuple(one for one in affected if one not in stays)
    return stays, leaves, tuple(one for one in there if one not in affected)


def _ids(instances: Iterable[Instance]) -> tuple[str, ...]:
    return tuple(one.id for one in instances)


def _of_the_model(there: Iterable[Instance], request: LoadRequest) -> tuple[Instance, ...]:
    path = os.path.realpath(request.path) if request.path else None
    return tuple(one for one in there if request.name in (one.model, one.id) or (path and one.path == path))


def _admission_with(
    stays: Iterable[Instance], leaves: Iterable[Instance], predicted_bytes: int, reserve_bytes: int
) -> memory.Admission:
    """Admission as if nothing of these were loaded.

    What serves already counts as what it was predicted to take, where that is more than what can be seen of it: else
    a model on a GPU would be unloaded and loaded again at each run.
    """
    free_bytes = memory.available() + sum(one.resident_bytes or 0 for one in leaves)
    free_bytes += sum(max(one.resident_bytes or 0, predicted_bytes) for one in stays)
    return memory.admit(predicted_bytes, free_bytes, reserve_bytes)


def _unload(engine: Engine, held: Turn, instances: tuple[Instance, ...]) -> None:
    """Unload these and wait until their memory is back."""
    if not instances:
        return
    before_bytes = memory.available()
    for instance in instances:
        engine.unload(instance.id)
    left = engine.loaded()
    remaining = [one.id for one in left if one.id in {gone.id for gone in instances}]
    if remaining:
        raise UnloadFailed(
            f"Still loaded after it was unloaded: {', '.join(remaining)}.",
            "look for another client that loads models on this host, and turn loading on demand off",
        )
    wait_for_return(engine, held, instances, before_bytes)
    held.keep_only(left)


def _have(engine: Engine, request: LoadRequest, timeout_seconds: float) -> None:
    """Have the engine know the model. One it cannot be given says something about that model, not about the host."""
    if engine.has(request):
        return
    try:
        engine.add(request, timeout_seconds)
    except (EngineUnreachable, OptionUnsupported):
        raise
    except EngineError as error:
        raise LoadFailed(f"{request.name} cannot be given to the engine: {error.message}", error.remedy) from error


@contextmanager
def _nothing_left_behind(
    engine: Engine, held: Turn, others: tuple[Instance, ...], free_bytes: int, predicted_bytes: int
) -> Iterator[None]:
    """A load that fails half way may have left a model, or the start of one, which an engine does not list."""
    known = {one.id for one in others}
    try:
        yield
    except LabError:
        with contextlib.suppress(LabError):  # the first error is the one to tell
            for one in engine.loaded():
                if one.id not in known:
                    engine.unload(one.id)
        note_left_over(held, free_bytes, predicted_bytes)
        raise


def _refuse_company(engine: Engine, request: LoadRequest, after: tuple[Instance, ...], expected: int) -> None:
    if len(after) == expected and any(engine.serves(one, request) for one in after):
        return
    found = ", ".join(f"{one.id} with {one.context_tokens} tokens" for one in after) or "nothing"
    raise LoadFailed(
        f"Asked to load {request.name} with {request.context_tokens} tokens, the engine now has: {found}.",
        "look for another client that loads models on this host, turn loading on demand off, and see the engine's log",
    )


def _as_asked(request: LoadRequest) -> Instance:
    path = os.path.realpath(request.path)
    return Instance(request.name, request.name, path, request.context_tokens, request.parallel, None, None)

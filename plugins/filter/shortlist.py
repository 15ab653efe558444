# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortlist as a filter; shortlist.yml beside it is its documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils.errors import LabError
from ..plugin_utils.shortlist import Asked, shortlist
from ..plugin_utils.shortlist.pages import markdown, terminal_lines


def shortlist_filter(
    models: Sequence[Mapping[str, Any]],
    hosts: Sequence[Mapping[str, Any]],
    shapes: Mapping[str, Mapping[str, Any]] | None = None,
    **asked: Any,
) -> dict[str, Any]:
    shapes = shapes or {}
    try:
        known = [{**model, "shape": model.get("shape") or shapes.get(model.get("name", ""))} for model in models]
        made = shortlist(known, hosts, Asked.from_dict(asked))
    except LabError as error:
        raise AnsibleFilterError(str(error)) from None
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"shortlist takes a list of models and a list of hosts ({error}).") from error
    return made.as_dict() | {"lines": terminal_lines(made), "markdown": markdown(made)}


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"shortlist": shortlist_filter}

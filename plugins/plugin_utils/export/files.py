# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table as a file, whole or not there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ...module_utils.files import write_whole
from .columns import Columns

# A number that may be missing stays one: 3 is never 3.0.
PANDAS_TYPES = {"bool": "boolean", "int": "Int64", "float": "Float64", "text": "object"}


def write(folder: Path, name: str, table: Columns, ending: str) -> Path | None:
    """Write `folder/name.ending`, its ending one of FORMATS; without rows there is no file, nor one from before."""
    path = folder / f"{name}.{ending}"
    content = FORMATS[ending](table) if table.rows else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
            return None
        write_whole(path, content)
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error}.", "name a folder that you may write to.") from error
    return path


def _frame(table: Columns) -> Any:
    import pandas

    return pandas.DataFrame(
        {name: pandas.Series(values, dtype=PANDAS_TYPES[kind]) for name, (kind, values) in table.typed().items()}
    )


def _csv(table: Columns) -> bytes:
    return bytes(_frame(table).to_csv(index=False, lineterminator="\n").encode())


def _jsonl(table: Columns) -> bytes:
    columns = {name: values for name, (_kind, values) in table.typed().items()}
    rows = zip(*columns.values(), strict=True)
    lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _parquet(table: Columns) -> bytes:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise LabError(
            "Parquet needs a Python package that is missing: pyarrow.",
            "install it beside ansible-core: pip install pyarrow; or take --format csv.",
        ) from error
    types = {"bool": pyarrow.bool_(), "int": pyarrow.int64(), "float": pyarrow.float64(), "text": pyarrow.string()}
    columns = {name: pyarrow.array(values, types[kind]) for name, (kind, values) in table.typed().items()}
    made = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), made)
    return made.getvalue()


FORMATS: dict[str, Callable[[Columns], bytes]] = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}

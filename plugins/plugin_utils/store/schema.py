# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a store was made by this version of the collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .tables import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection


def lacks(connection: Connection) -> list[str]:
    """Names of what is missing: `table`, or `table.column`."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    missing = []
    for table in tables().metadata.sorted_tables:
        if not inspector.has_table(table.name):
            missing.append(table.name)
            continue
        there = {column["name"] for column in inspector.get_columns(table.name)}
        missing.extend(f"{table.name}.{column.name}" for column in table.columns if column.name not in there)
    return missing

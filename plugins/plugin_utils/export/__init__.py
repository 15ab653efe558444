# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store holds as flat tables in files, for people who go on with a notebook: Parquet, CSV or JSON lines."""

from __future__ import annotations

from .columns import Columns
from .files import FORMATS, write
from .tables import TABLES, exported

__all__ = ["FORMATS", "TABLES", "Columns", "exported", "write"]

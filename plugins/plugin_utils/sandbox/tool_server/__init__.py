# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside a sandbox, as its process 1: the agent's tools. Standard library only, Python 3.9 or newer.

The folder is mounted read-only and runs on whatever Python the sandbox has; it imports nothing of the collection.
"""

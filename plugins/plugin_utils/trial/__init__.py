# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One trial in a process of its own: `python -P -m plugins.plugin_utils.trial`, the spec on standard input.

Standard output is JSON lines: `{"event": "turn", ...}` while it runs, `{"event": "record", "record": {...}}` last.
Imports no Ansible. `lifeline.process_started()` gives what a spec's guardians are told apart by.
"""

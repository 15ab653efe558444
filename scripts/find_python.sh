#!/bin/sh
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print the Python the venv is made with: the first that really runs (a pyenv shim may not), is 3.11 or newer and
# can make a venv. $PYTHON, when set, is the only candidate.
set -u
check='import sys
if sys.version_info < (3, 11): sys.exit("is %d.%d, 3.11 or newer is needed" % sys.version_info[:2])
try:
    import ensurepip, venv
except ImportError:
    sys.exit("cannot make a venv: install the package python%d.%d-venv" % sys.version_info[:2])'
tried=
for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
  path=$(command -v "$candidate") || { tried="$tried
  $candidate: not found"; continue; }
  if why=$("$path" -c "$check" 2>&1); then
    printf '%s\n' "$path"
    exit 0
  fi
  tried="$tried
  $path: $(printf '%s\n' "$why" | tail -n 1)"
done
printf 'No Python 3.11 or newer that can make a venv. Remedy: apt-get install python3 python3-venv, or set PYTHON=PATH. Tried:%s\n' "$tried" >&2
exit 1

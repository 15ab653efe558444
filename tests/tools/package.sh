#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Build the tarball, look into it, install it into an empty collections path, and run from there: the installed
# playbook over the shipped inventory, and over a folder of the user's own made by `lab init`.
set -euo pipefail

top=$PWD
work=$top/build/package
rm -rf "$work"
mkdir -p "$work/collections" "$work/empty"

ansible-galaxy collection build --output-path "$work" "$top"
tarball=$(echo "$work"/local_llm-lab-*.tar.gz)
stray=$(comm -13 <(git ls-files --cached --others --exclude-standard | sort) \
  <(tar -tf "$tarball" | grep -v '/$' | grep -vxE 'MANIFEST.json|FILES.json' | sort))
if [ -n "$stray" ]; then
  printf 'package: the tarball has files that git does not know; add them to build_ignore in galaxy.yml:\n%s\n' "$stray"
  exit 1
fi

export ANSIBLE_COLLECTIONS_PATH=$work/collections
unset ANSIBLE_CONFIG
ansible-galaxy collection install --offline --force "$tarball" -p "$work/collections"
installed=$work/collections/ansible_collections/local_llm/lab

cd "$work/empty"
found=$(ansible-doc --type module --json local_llm.lab.model |
  python -c 'import json, sys; print(json.load(sys.stdin)["local_llm.lab.model"]["doc"]["filename"])')
case $found in
  "$installed"/*) ;;
  *) echo "package: local_llm.lab was found at $found, not where it was installed"; exit 1 ;;
esac
set -x
ansible-playbook -i "$installed/inventory/" local_llm.lab.sweep --limit embedded --syntax-check
ansible-playbook -i "$installed/inventory/" local_llm.lab.sweep --limit embedded --list-tasks
python "$installed/scripts/lab" init mine
cd mine
ansible-playbook sweep.yml --limit embedded --list-tasks

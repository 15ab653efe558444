#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible_test.sh sanity|units: ansible-test over a copy of the tree. It insists on a real ansible_collections path,
# and its helper venvs belong to a HOME of their own under build/, so that nothing of the caller's is touched.
set -euo pipefail

what=$1
shift
top=$PWD
home=$top/build/ansible-test/home
copy=$top/build/ansible-test/$what/ansible_collections/local_llm/lab

rm -rf "$copy"
mkdir -p "$copy" "$home/.ansible/test/cache" "$home/.config" "$home/.cache"
# ansible-test hands on HOME and no PIP_ variable: the caller's own pip settings and cache are found through it.
for pair in "${XDG_CONFIG_HOME:-$HOME/.config}/pip .config" "$(python -m pip --disable-pip-version-check cache dir) .cache"; do
  [ ! -d "${pair% *}" ] || ln -sfn "${pair% *}" "$home/${pair##* }/pip"
done

git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  [ ! -e "$file" ] || printf '%s\0' "$file"
done | tar -c --null -T - | tar -x -C "$copy"
git -C "$copy" init --quiet # ansible-test asks the nearest repository for the files, and this checkout ignores build/

# ansible-test bootstraps pip from a site of its own. The pip that the Python brings along is as good for these venvs.
for version in 24_2 25_2; do
  cat >"$home/.ansible/test/cache/get_pip_$version.py" <<'PY'
import subprocess, sys
packages = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"])
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *packages]))
PY
done

version=${ANSIBLE_TEST_PYTHON:-$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')}
cd "$copy"
export HOME=$home PYTHONDONTWRITEBYTECODE=1
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH ANSIBLE_COLLECTIONS_PATHS
case $what in
  sanity) exec ansible-test sanity --color no --python "$version" "$@" ;;
  units) exec ansible-test units --color no --local --python "$version" "$@" ;;
  *) echo "ansible_test.sh: sanity or units, not $what" >&2; exit 2 ;;
esac

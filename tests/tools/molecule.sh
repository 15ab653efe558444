#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# molecule.sh [SCENARIO]: every scenario, or one, on containers whose PID 1 is systemd.
set -euo pipefail

if ! timeout 15 docker info >/dev/null 2>&1; then
  echo "molecule: no Docker daemon answers. Remedy: start one (systemctl start docker, or dockerd as root), or set DOCKER_HOST." >&2
  exit 1
fi
extensions/molecule/shared/build-image.sh
export NO_COLOR=1 COLUMNS=160
for file in extensions/molecule/*/molecule.yml; do
  scenario=$(basename "$(dirname "$file")")
  [ "${1:-$scenario}" = "$scenario" ] || continue
  tests/tools/gate.sh "molecule-$scenario" molecule test --scenario-name "$scenario"
done

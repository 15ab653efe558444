#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# gate.sh NAME COMMAND...: run one gate quietly. One line when it passes (two for a test runner, its own closing
# line); when it fails, what it said. The whole output stays in build/logs/NAME.log.
set -uo pipefail

name=$1
shift
log=build/logs/$name.log
mkdir -p build/logs
started=$SECONDS
status=0
"$@" </dev/null >"$log" 2>&1 || status=$?
took=$((SECONDS - started))
if [ "$status" = 0 ]; then
  closing=$(grep -aE '^=+ .*(passed|failed|no tests).* =+$' "$log" | tail -n 1)
  printf 'ok    %-18s %4d s\n%s' "$name" "$took" "${closing:+$closing
}"
else
  printf 'FAIL  %-18s %4d s  exit %d, the end of %s:\n%s\n' "$name" "$took" "$status" "$log" "$(tail -n 60 "$log" | cut -c1-240)"
fi
exit "$status"

#!/usr/bin/env bash
# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Build the Debian image whose PID 1 is systemd, from Debian packages alone (no image registry is asked).
# Does nothing when the image is there and was built from this same recipe. Needs root: debootstrap does.
#   LAB_TEST_IMAGE  the image's name        LAB_TEST_SUITE  the Debian release        LAB_TEST_MIRROR  where from
set -euo pipefail

image=${LAB_TEST_IMAGE:-local-llm-lab/systemd:latest}
suite=${LAB_TEST_SUITE:-bookworm}
packages=systemd,systemd-sysv,dbus,python3,python3-venv,git,make,libgomp1,bubblewrap,ca-certificates,iproute2,procps,sudo

recipe=$(cat "$0" - <<<"$suite ${LAB_TEST_MIRROR:-}" | sha256sum | cut -c1-16)
built=$(docker image inspect --format '{{ index .Config.Labels "local_llm.lab.recipe" }}' "$image" 2>/dev/null || true)
if [ "$built" = "$recipe" ]; then
  echo "image: $image is there (recipe $recipe)"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "image: $image has to be built as root (debootstrap): sudo $0" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  echo "image: debootstrap is not installed: apt-get install debootstrap" >&2
  exit 1
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/lab-image.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
echo "image: building $image from $suite (about a minute)"
log=$root.log
# shellcheck disable=SC2086  # the mirror is one word or none
if ! debootstrap --variant=minbase --include="$packages" "$suite" "$root" ${LAB_TEST_MIRROR:-} >"$log" 2>&1; then
  tail -n 20 "$log" "$root/debootstrap/debootstrap.log" >&2 || true
  exit 1
fi
rm -f "$log"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
# A container has no console to log in on, and its host sets the clock.
for unit in getty.target console-getty.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer; do
  ln -sfn /dev/null "$root/etc/systemd/system/$unit"
done
tar -C "$root" -c . | docker import \
  --change 'ENTRYPOINT ["/sbin/init"]' --change 'ENV container=docker' \
  --change "LABEL local_llm.lab.recipe=$recipe" - "$image" >/dev/null
echo "image: $image built (recipe $recipe)"

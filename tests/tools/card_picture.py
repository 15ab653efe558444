# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's picture: the top of the demo sweep's card, photographed in Chromium.

Run it again when a template, a plot or a word of the card changed: `.venv/bin/python -m tests.tools.card_picture`. The
picture's description holds the digest of the page it was made of, which a test compares with today's.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import tempfile
import zlib
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import build_card, render_html

from .browser import Browser, chromium

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "finding-card.png"
# What a sweep of the demo model left: the summary its card is made of.
SUMMARY = ROOT / "tests" / "tools" / "card_picture.json"
SIZE = (1100, 1330)
KEY = b"page sha256"
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def page() -> str:
    """The card as it is rendered today."""
    summary = json.loads(SUMMARY.read_text())
    (model,) = summary["models"]
    return render_html(build_card(summary, model, summary["sweep"]["good_enough"]))


def page_digest() -> str:
    return hashlib.sha256(page().encode()).hexdigest()


def pictured_digest(png: bytes) -> str | None:
    """The digest in the picture's own description."""
    found = next((content for kind, content in _chunks(png) if kind == b"tEXt" and content.startswith(KEY)), None)
    return found and found.removeprefix(KEY + b"\0").decode()


def described(png: bytes, digest: str) -> bytes:
    """The picture with the digest in its description, before its end."""
    chunks = [one for one in _chunks(png) if one[0] != b"tEXt"]
    chunks.insert(-1, (b"tEXt", KEY + b"\0" + digest.encode()))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], len(SIGNATURE)
    while place < len(png):
        length = struct.unpack(">I", png[place : place + 4])[0]
        found.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def main() -> int:
    if chromium() is None:
        print("card_picture: Chromium is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "card.html"
        file.write_text(page())
        with Browser(Path(scratch) / "profile") as browser:
            browser.open(file, *SIZE)
            PICTURE.write_bytes(described(browser.picture(), page_digest()))
    print(f"card_picture: {PICTURE.relative_to(ROOT)}, {PICTURE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small canaries of every kind, each written into a root of canaries as its author would."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

BUDGETS = {
    "turns": 6,
    "generated_tokens": 900,
    "completion_tokens": 160,
    "wall_clock_seconds": 120,
    "command_seconds": 20,
}
TINYDB = {
    "name": "tinydb",
    "version": "4.8.2",
    "sha256": "f97030ee5cbc91eeadd1d7af07ab0e48ceb04aa63d4a983adbaca4cba16e86c3",
    "folder": "tinydb",
}

GENERATOR = '''
import pathlib, random, sys

seed, out = int(sys.argv[1]), pathlib.Path(sys.argv[2])
chance = random.Random(seed)
name = chance.choice(["add", "plus", "total", "joined"]) + str(seed)
offset = chance.randrange(10, 10_000)


def write(path, text):
    path = out / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


write("start/README.md", f"{name}(a, b) returns a + b + {offset}.\\n")
write("start/work.py", f"def {name}(a, b):\\n    raise NotImplementedError\\n")
write("start/old.py", "pass\\n")
write("reference/work.py", f"def {name}(a, b):\\n    return a + b + {offset}\\n")
write("reference.delete", "old.py\\n")
write("cheats/knows_one/work.py", f"def {name}(a, b):\\n    return {3 + offset}\\n")
write("cheats/only_deletes.delete", "old.py\\n")
write("cheats/only_deletes/notes.txt", "gone\\n")
write("hidden/test_work.py", f"""
import unittest
from grader import call, read, score

class Work(unittest.TestCase):
    def test_sums(self):
        score("checked", 2)
        self.assertEqual(call("work", "{name}", 1, 2), {3 + offset})
        self.assertEqual(call("work", "{name}", 5, 7), {12 + offset})

    def test_the_old_one_is_gone(self):
        self.assertRaises(OSError, read, "old.py")
""")
'''


def write_generated(root: Path, generator: str = GENERATOR, **changes: object) -> Path:
    folder = root / "made_up"
    folder.mkdir(parents=True)
    (folder / "generator.py").write_text(generator)
    _describe(folder, hidden={"tests": 2, "seconds": 60}, generator={"seed": 1}, **changes)
    return folder


def write_package(root: Path, package: dict[str, str] | None = None) -> Path:
    """Tinydb without its version, which the reference puts back."""
    folder = root / "tiny_exists"
    folder.mkdir(parents=True)
    (folder / "start.patch").write_text(
        """diff --git a/tinydb/version.py b/tinydb/version.py
--- a/tinydb/version.py
+++ b/tinydb/version.py
@@ -1 +1 @@
-__version__ = '4.8.2'
+__version__ = 'unknown'
diff --git a/test_version.py b/test_version.py
new file mode 100644
--- /dev/null
+++ b/test_version.py
@@ -0,0 +1,9 @@
+import unittest
+
+import tinydb
+
+
+class Version(unittest.TestCase):
+    def test_text(self):
+        self.assertIsInstance(tinydb.__version__, str)
+
"""
    )
    (folder / "reference.patch").write_text(
        """diff --git a/tinydb/version.py b/tinydb/version.py
--- a/tinydb/version.py
+++ b/tinydb/version.py
@@ -1 +1 @@
-__version__ = 'unknown'
+__version__ = '4.8.2'
"""
    )
    (folder / "hidden.patch").write_text(
        """diff --git a/test_it.py b/test_it.py
new file mode 100644
--- /dev/null
+++ b/test_it.py
@@ -0,0 +1,8 @@
+import unittest
+
+from grader import run
+
+
+class Version(unittest.TestCase):
+    def test_version(self):
+        self.assertEqual(run(["python3", "-c", "import tinydb; print(tinydb.__version__)"]), (0, "4.8.2\\n"))
"""
    )
    _describe(folder, package=package or TINYDB, test_command=["python3", "-m", "pytest", "-q"], toolchain=True)
    return folder


def write_unsolvable(root: Path) -> Path:
    folder = root / "cannot_be"
    folder.mkdir(parents=True)
    (folder / "start.patch").write_text(
        """diff --git a/work.py b/work.py
new file mode 100644
--- /dev/null
+++ b/work.py
@@ -0,0 +1 @@
+import nowhere
"""
    )
    _describe(folder, hidden={"tests": 0, "seconds": 60}, solvable=False)
    return folder


def _describe(folder: Path, **changes: object) -> None:
    canary = {
        "name": folder.name,
        "grade": 1,
        "prompt": "Do it.",
        "autonomy": "edit",
        "budgets": BUDGETS,
        "test_command": ["python3", "-m", "unittest"],
        "hidden": {"tests": 1, "seconds": 60},
        "solvable": True,
    }
    (folder / "canary.yml").write_text(yaml.safe_dump(canary | changes))


class Theirs:
    """Somebody's repository with a failing test, a commit with more tests, and one that does the job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("commit", "--quiet", "--allow-empty", "--message=Before")
        self.write("work.py", "def double(number):\n    return number\n")
        self.write("tests/__init__.py", "")
        self.write("tests/test_work.py", self.tests(0))
        self.write("data.bin", "caf\xe9\n", "latin-1")
        self.commit = self.committed()
        self.write("tests/test_work.py", self.tests(0, 21))
        self.tests_commit = self.committed()
        self.write("work.py", "def double(number):\n    return 2 * number\n")
        self.write("data.bin", "th\xe9\n", "latin-1")
        self.reference_commit = self.committed()

    @staticmethod
    def tests(*numbers: int) -> str:
        asserts = "".join(f"        self.assertEqual(double({number}), {2 * number})\n" for number in numbers)
        head = "import unittest\n\nfrom work import double\n\n\nclass Work(unittest.TestCase):\n    def test(self):\n"
        return head + asserts

    def write(self, path: str, text: str, encoding: str = "utf-8") -> None:
        (self.folder / path).parent.mkdir(exist_ok=True)
        (self.folder / path).write_text(text, encoding=encoding)

    def committed(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=More")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{what}": "me" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-C", str(self.folder), "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(command, env=os.environ | who, check=True, capture_output=True, text=True).stdout

    def describe(self, root: Path, **changes: object) -> Path:
        root.mkdir(exist_ok=True)
        path = root / "mine.yml"
        canary = {
            "name": "mine",
            "grade": 1,
            "repo": str(self.folder),
            "commit": self.commit,
            "prompt": "Let double return twice the number.",
            "test_command": ["python3", "-m", "unittest", "discover", "-s", "tests", "-t", "."],
            "tests": ["tests"],
            "tests_commit": self.tests_commit,
            "reference_commit": self.reference_commit,
        }
        path.write_text(yaml.safe_dump({key: value for key, value in (canary | changes).items() if value is not None}))
        return path

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a canary's hidden tests inside the grading sandbox, out of reach of the code they judge.

The tests arrive on standard input and stay in this process's memory. They never import the code under test: they call
it in processes of its own and get plain data back, so that it can be right or wrong, but cannot touch an assertion,
the count, or the nonce that makes the last line of the output believable. Standard library, Python 3.9 or newer.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import signal
import subprocess
import sys
import threading
import types
import unittest
from typing import cast

CALLEE = """
import importlib, json, os, sys
reply = os.dup(1)
os.dup2(2, 1)
request = json.loads(sys.stdin.buffer.read())
sys.path.insert(0, os.getcwd())
sys.path += filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
try:
    function = getattr(importlib.import_module(request["module"]), request["function"])
    answer = json.dumps({"value": function(*request["arguments"])})
except BaseException as error:
    answer = json.dumps({"raised": type(error).__name__, "message": str(error)})
with open(reply, "w") as file:
    file.write(answer)
"""


class Raised(Exception):
    """The code under test raised; `kind` is the name of the exception's class."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Grader(types.ModuleType):
    """What hidden tests import as \"grader\"."""

    Raised = Raised

    def __init__(self, call_seconds: float) -> None:
        super().__init__("grader")
        self.call_seconds = call_seconds
        self.scores: dict[str, float] = {}

    def call(self, module: str, function: str, *arguments: object) -> object:
        """What a function of the code under test returns for JSON-like arguments."""
        request = json.dumps({"module": module, "function": function, "arguments": arguments})
        _exit_code, output = self.run([sys.executable, "-I", "-S", "-B", "-c", CALLEE], request)
        try:
            answer = json.loads(output)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ("value" in answer or "raised" in answer):
            raise Raised("NoAnswer", f"{module}.{function} ended its process without returning")
        if "raised" in answer:
            raise Raised(str(answer["raised"]), str(answer.get("message")))
        return answer["value"]

    def run(self, command: list[str], stdin: str = "") -> tuple[int, str]:
        """Exit code and standard output of a program of the tree, run in it."""
        # Files, not pipes: a daemon left behind could hold the end of a pipe open for ever.
        with open(os.memfd_create("in"), "r+b") as given, open(os.memfd_create("out"), "r+b") as said:
            given.write(stdin.encode())
            given.seek(0)
            child = subprocess.Popen(
                command, stdin=given, stdout=said, stderr=subprocess.DEVNULL, start_new_session=True
            )
            # Not wait(timeout): it sleeps between looks, for longer than most calls take.
            timed_out = threading.Event()

            def end() -> None:
                timed_out.set()
                kill_group(child.pid)

            late = threading.Timer(self.call_seconds, end)
            late.start()
            exit_code = child.wait()
            late.cancel()
            kill_group(child.pid)
            if timed_out.is_set():
                raise Raised("Timeout", f"no end within {self.call_seconds:g} s")
            said.seek(0)
            return exit_code, said.read().decode(errors="replace")

    @staticmethod
    def read(path: str) -> str:
        """The text of a file of the tree."""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def score(self, name: str, value: float) -> None:
        """Record a number with the verdict; it decides nothing."""
        if not math.isfinite(value):
            raise ValueError(f"the score {name} is {value}")
        self.scores[str(name)] = float(value)


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Result(unittest.TextTestResult):
    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1


def main() -> None:
    dumpable = 4
    if ctypes.CDLL(None).prctl(dumpable, 0, 0, 0, 0) != 0:
        sys.exit("cannot close this process to the code under test")
    order = json.loads(sys.stdin.buffer.read())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    grader = Grader(order["call_seconds"])
    sys.modules["grader"] = grader
    suite = unittest.TestSuite()
    for name, source in order["modules"].items():
        module = types.ModuleType(name)
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
        suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(module))
    runner = unittest.TextTestRunner(
        sys.stdout,
        resultclass=Result,  # type: ignore[arg-type]
        verbosity=2,
        failfast=order["failfast"],
    )
    result = cast(Result, runner.run(suite))
    verdict = {"ran": result.testsRun, "passed": result.passed, "scores": grader.scores}
    print(order["nonce"], json.dumps(verdict), flush=True)


if __name__ == "__main__":
    main()

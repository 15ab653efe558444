# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that any agent does in a turn: one request of the whole history, one file read, one durable append.

floor.py URL FILE TRANSCRIPT. The URL answers `read` until it answers anything else.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import urllib.parse


def main(url: str, file: str, transcript: str) -> None:
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    log = os.open(transcript, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    messages = [{"role": "user", "content": "Read the file."}]
    name = "read"
    while name == "read":
        body = json.dumps({"model": "scripted", "messages": messages})
        connection.request("POST", f"{address.path}/chat/completions", body, {"Content-Type": "application/json"})
        reply = json.loads(connection.getresponse().read())["choices"][0]["message"]
        call = reply["tool_calls"][0]
        name, given = call["function"]["name"], json.loads(call["function"]["arguments"])
        with open(file, encoding="utf-8") as source:
            output = "".join(source.readlines()[given["start_line"] - 1 : given["end_line"]])
        messages += [reply, {"role": "tool", "tool_call_id": call["id"], "content": output}]
        os.write(log, json.dumps(messages[-2:]).encode() + b"\n")
        os.fsync(log)


main(*sys.argv[1:])

# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers over HTTP: a few megabytes of many gigabytes, and a typed error from every server that misbehaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.errors import LabError
from ansible_collections.local_llm.lab.plugins.module_utils.gguf import GgufError, read_model, shape_of
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.http import RangeIgnored, RemoteError
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.info import describe
from ansible_collections.local_llm.lab.plugins.module_utils.gguf.remote import read_remote_model
from ansible_collections.local_llm.lab.tests.fakes.gguf_bytes import (
    big_model,
    header,
    string,
    strings,
    tensor,
    u32,
    write_sparse,
)
from ansible_collections.local_llm.lab.tests.fakes.range_server import RangeServer

GIB, MB = 1024**3, 10**6
SHA256 = "ab" * 32


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RangeServer]:
    with RangeServer(tmp_path, sha256=SHA256) as running:
        yield running


def test_a_model_of_many_gigabytes_costs_a_few_megabytes(server: RangeServer) -> None:
    size_bytes = write_sparse(server.folder / "big.gguf", big_model())
    assert size_bytes > 15 * GIB
    found = read_remote_model(f"{server.base_url}/hub/org/big.gguf?download=true", timeout_seconds=60)
    assert found.read_bytes < 20 * MB
    assert server.sent_bytes == found.read_bytes, "and no byte more is on the wire"
    assert found.model == read_model(str(server.folder / "big.gguf"))
    told = describe(found, [32768], 2, "f16")
    assert (told["size_bytes"], told["claimed_sha256"], told["files"]) == (size_bytes, SHA256, 1)
    assert (told["name"], told["quantization"], told["chat_template_mentions_tools"]) == ("Big", "Q4_K_M", True)
    assert told["kv"] == [{"context_tokens": 32768, "kv_bytes": 48 * 4 * 256 * 2 * 65536}]
    assert told["shape"]["active_parameters"] == told["shape"]["total_parameters"] // 16


def test_all_shards_are_read_and_each_only_once_as_far_as_needed(server: RangeServer) -> None:
    for number in range(3):
        write_sparse(server.folder / f"m-{number + 1:05d}-of-00003.gguf", big_model(shard=(number, 3)))
    url = f"{server.base_url}/m-00001-of-00003.gguf"
    found = read_remote_model(url, timeout_seconds=60)
    assert found.files == 3
    assert found.model.weight_bytes > 15 * GIB
    assert found.read_bytes < 20 * MB
    (server.folder / "m-00003-of-00003.gguf").unlink()
    with pytest.raises(RemoteError, match=r"m-00003-of-00003\.gguf answers 404"):
        read_remote_model(url, timeout_seconds=60)


def test_a_server_without_ranges_is_an_error_and_its_file_is_not_read(server: RangeServer) -> None:
    write_sparse(server.folder / "big.gguf", big_model(vocabulary=10))
    server.faults.add("ignores_range")
    with pytest.raises(RangeIgnored, match="ignores byte ranges"):
        read_remote_model(f"{server.base_url}/big.gguf", timeout_seconds=60)
    assert server.sent_bytes < 20 * MB


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("other_range", "another byte range"),
        ("cuts", r"ends after \d+ bytes"),
        ("loops", "More than 5 redirects"),
        ("refuses", "answers 403.*terms"),
    ],
)
def test_what_a_server_may_do_wrong(server: RangeServer, fault: str, says: str) -> None:
    write_sparse(server.folder / "big.gguf", big_model())
    server.faults.add(fault)
    with pytest.raises(RemoteError, match=says):
        read_remote_model(f"{server.base_url}/big.gguf", timeout_seconds=60)


@pytest.mark.parametrize("fault", ["hangs", "drips"])
def test_a_server_that_never_gets_there_is_given_up(server: RangeServer, fault: str) -> None:
    write_sparse(server.folder / "big.gguf", big_model(vocabulary=10))
    server.faults.add(fault)
    with pytest.raises(RemoteError, match=r"in time|cannot be read"):
        read_remote_model(f"{server.base_url}/big.gguf", timeout_seconds=1)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/m.gguf", "http://user:secret@127.0.0.1/m.gguf", "m.gguf", "http://[::1/m", "http://a:b/m"]
)
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(RemoteError) as caught:
        read_remote_model(url, timeout_seconds=5)
    assert "secret" not in str(caught.value)


SECRET = "s3cret"
TELLING = [
    f"http://user:{SECRET}@127.0.0.1/m.gguf",
    f"http://user:{SECRET}@[::1/m.gguf",
    f"http://user:pass/{SECRET}@127.0.0.1/m.gguf",
    f"http://user:{SECRET}@\u2100.example/m.gguf",
    f"http://127.0.0.1:1/m.gguf?signature={SECRET}",
    f"http://127.0.0.1:1/m.gguf#{SECRET}",
    f"{{base_url}}/m.gguf?signature={SECRET} and a space",
    f"{{base_url}}/none.gguf?signature={SECRET}",
]


@pytest.mark.parametrize("url", TELLING)
def test_what_is_secret_in_a_url_is_in_no_message(server: RangeServer, url: str) -> None:
    with pytest.raises(RemoteError) as caught:
        read_remote_model(url.format(base_url=server.base_url), timeout_seconds=5)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", [one for one in TELLING if one.isascii()])
def test_nor_what_is_secret_in_a_redirect(server: RangeServer, url: str) -> None:
    server.location = url.format(base_url=server.base_url)
    with pytest.raises(RemoteError) as caught:
        read_remote_model(f"{server.base_url}/hub/m.gguf", timeout_seconds=5)
    assert SECRET not in str(caught.value)


def test_nobody_there_and_no_proxy_is_asked(
    server: RangeServer, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.base_url)
    with pytest.raises(RemoteError, match=r"cannot be read: .*refused"):
        read_remote_model(f"http://127.0.0.1:{free_port}/m.gguf", timeout_seconds=5)
    assert server.ranges == []


def test_a_truncated_file_is_told_by_its_length(server: RangeServer) -> None:
    size_bytes = write_sparse(server.folder / "big.gguf", big_model(vocabulary=10))
    os.truncate(server.folder / "big.gguf", size_bytes - 1)
    with pytest.raises(GgufError, match=f"truncated, {size_bytes - 1} bytes of at least {size_bytes}"):
        read_remote_model(f"{server.base_url}/big.gguf", timeout_seconds=60)
    (server.folder / "big.gguf").write_bytes(big_model()[:1_000_000])
    with pytest.raises(GgufError, match=r"big\.gguf.*cut off"):
        read_remote_model(f"{server.base_url}/big.gguf", timeout_seconds=60)
    (server.folder / "big.gguf").write_bytes(b"")
    with pytest.raises(RemoteError, match="is empty or shorter"):
        read_remote_model(f"{server.base_url}/big.gguf", timeout_seconds=60)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Signed by itself, with its key, for 127.0.0.1."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("needs openssl to make a certificate")
    made, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    made.write_bytes(key.read_bytes() + made.read_bytes())
    return made


def test_https_is_checked_and_never_left(tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sparse(tmp_path / "big.gguf", big_model(vocabulary=10))
    with RangeServer(tmp_path, certificate=certificate) as server:
        url = f"{server.base_url}/hub/big.gguf"
        with pytest.raises(RemoteError, match="certificate verify failed"):
            read_remote_model(url, timeout_seconds=30)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert read_remote_model(url, timeout_seconds=30).files == 1
        server.faults.add("downgrades")
        with pytest.raises(RemoteError, match=r"leads from https to http://127\.0\.0\.1:\d+/big\.gguf\.") as caught:
            read_remote_model(url, timeout_seconds=30)
        assert "signature" not in str(caught.value)


HUGE = (1 << 61).to_bytes(8, "little")
HOSTILE = {
    "many strings": b"\x09\0\0\0\x08\0\0\0" + HUGE,
    "many numbers": b"\x09\0\0\0\x04\0\0\0" + HUGE,
    "a long text": b"\x08\0\0\0" + HUGE,
    "a hole of empty strings": b"\x09\0\0\0\x08\0\0\0" + (200_000).to_bytes(8, "little"),
    "an array of arrays": b"\x09\0\0\0\x09\0\0\0" + HUGE,
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_headers_cost_bounded_memory(server: RangeServer, value: bytes) -> None:
    file = server.folder / "bad.gguf"
    file.write_bytes(header({"general.architecture": string("llama"), "tokenizer.x": value}))
    os.truncate(file, 20 * GIB)
    tracemalloc.start()
    try:
        for reading in (
            lambda: read_remote_model(f"{server.base_url}/bad.gguf", 120).model,
            lambda: read_model(str(file)),
        ):
            with pytest.raises(GgufError):
                shape_of(reading())
        assert tracemalloc.get_traced_memory()[1] < 300 * MB
    finally:
        tracemalloc.stop()
    assert server.sent_bytes < 100 * MB


MANY = {
    "tensors": header({"split.count": u32(3)}, [tensor(f"t{one}", (1,)) for one in range(30_000)]),
    "texts": header({"split.count": u32(3), "x": string("x" * 6 * MB)}),
    "numbers": header({"split.count": u32(3), "x": b"\x09\0\0\0\0\0\0\0" + (30 * MB).to_bytes(8, "little")}),
}


@pytest.mark.parametrize("content", MANY.values(), ids=MANY)
def test_the_headers_of_all_shards_together_are_bounded(server: RangeServer, content: bytes) -> None:
    for number in range(3):
        shard = server.folder / f"m-{number + 1:05d}-of-00003.gguf"
        shard.write_bytes(content)
        os.truncate(shard, len(content) + 40 * MB)
    for read in (
        lambda: read_remote_model(f"{server.base_url}/m-00001-of-00003.gguf", 120),
        lambda: read_model(str(server.folder / "m-00001-of-00003.gguf")),
    ):
        with pytest.raises(GgufError, match=r"m-00003-of-00003\.gguf: .*the file is damaged"):
            read()


SMALL = header(
    {"general.architecture": string("llama"), "llama.x": strings(["a", "b"])},
    [tensor("blk.0.attn_q.weight", (32, 32))],
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(SMALL)),
    flips=st.dictionaries(st.integers(0, len(SMALL) - 1), st.integers(0, 255), max_size=3),
)
def test_fuzzed_headers_over_http_are_a_model_or_a_typed_error(
    server: RangeServer, cut: int, flips: dict[int, int]
) -> None:
    damaged = bytearray(SMALL)
    for position, byte in flips.items():
        damaged[position] = byte
    (server.folder / "fuzzed.gguf").write_bytes(damaged[:cut] + bytes(8192))
    begin = time.monotonic()
    try:
        read_remote_model(f"{server.base_url}/fuzzed.gguf", timeout_seconds=30)
    except LabError as error:
        assert error.remedy
    assert time.monotonic() - begin < 120

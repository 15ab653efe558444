# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from llama.cpp's log, in lines as it prints them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.local_llm.lab.plugins.module_utils.engines import llama_cpp_log
from ansible_collections.local_llm.lab.plugins.module_utils.engines.llama_cpp_program import flavour

MIB = 1024**2
PLAIN = """\
0.00.005.940 I print_info: n_expert_used         = 2
0.00.006.450 I load_tensors:   CPU_Mapped model buffer size =     2.78 MiB
0.00.007.101 I llama_kv_cache:        CPU KV buffer size =     1.00 MiB
0.00.007.200 I llama_kv_cache: size =    1.00 MiB (  1024 cells,   4 layers,  1/1 seqs), K (f16):    0.50 MiB, V
0.00.013.027 I sched_reserve:        CPU compute buffer size =     3.39 MiB
"""
SLIDING = """\
llama_kv_cache_iswa: creating non-SWA KV cache, size = 32768 cells
llama_kv_cache: size =  512.00 MiB ( 32768 cells,   4 layers,  1/1 seqs), K (f16):  256.00 MiB, V (f16):  256.00 MiB
llama_kv_cache_iswa: creating     SWA KV cache, size = 1536 cells
llama_kv_cache: size =  132.00 MiB (  1536 cells,  22 layers,  1/1 seqs), K (f16):   66.00 MiB, V (f16):   66.00 MiB
"""
HYBRID = """\
llama_kv_cache: size =   24.00 MiB (  4096 cells,   6 layers,  1/1 seqs), K (q8_0):   12.00 MiB, V (q8_0):   12.00 MiB
llama_memory_recurrent: size =   49.50 MiB (     1 cells,  24 layers,  1 seqs), R (f32):    1.50 MiB, S
"""
BUFFERS_ONLY = """\
llama_kv_cache:      CUDA0 KV buffer size =   640.00 MiB
llama_kv_cache:        CPU KV buffer size =    16.50 MiB
"""


def test_every_cache_of_a_load_counts_and_no_other_buffer_does() -> None:
    assert llama_cpp_log.kv_bytes(PLAIN) == MIB
    assert llama_cpp_log.kv_bytes(SLIDING) == 644 * MIB
    assert llama_cpp_log.kv_bytes(HYBRID) == 73.5 * MIB
    assert llama_cpp_log.kv_bytes(BUFFERS_ONLY) == 656.5 * MIB
    assert llama_cpp_log.kv_bytes("") is None


def test_the_experts_it_uses_are_read() -> None:
    assert llama_cpp_log.experts_used(PLAIN) == 2
    assert llama_cpp_log.experts_used(SLIDING) is None


def test_the_cause_of_a_failure_is_its_first_error_line() -> None:
    log = "0.00.1 I fine\n0.00.2 E llama_model_load: unknown architecture\n0.00.3 I going on\n0.00.4 E srv: exiting\n"
    assert llama_cpp_log.causes(log).startswith("0.00.2 E llama_model_load: unknown architecture | ")
    assert llama_cpp_log.causes("error: invalid argument: --fit\n") == "error: invalid argument: --fit"
    assert llama_cpp_log.causes("") == "it said nothing"


@given(st.text())
def test_no_log_breaks_it(log: str) -> None:
    assert (llama_cpp_log.kv_bytes(log) or 0) >= 0
    assert llama_cpp_log.causes(log)


def test_a_flavour_names_what_computes_and_the_threads_that_were_set() -> None:
    assert flavour(["CUDA0", "CUDA1", "CPU"], 0) == "CUDA"
    assert flavour(["Metal", "BLAS", "CPU"], 0) == "Metal"
    assert flavour(["CPU"], 1) == "CPU, 1 thread"
    assert flavour([], 8) == "CPU, 8 threads"

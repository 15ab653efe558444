# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that serves one model with llama.cpp: started by the engine, run by the interpreter with xllamacpp.

It stands alone (standard library and xllamacpp) because its text is copied to the host. The spec comes on standard
input, so a caller that dies before it wrote down this process's id leaves nothing behind.
"""

from __future__ import annotations

import json
import signal
import sys

KV_TYPES = {"f16": "GGML_TYPE_F16", "q8_0": "GGML_TYPE_Q8_0", "q4_0": "GGML_TYPE_Q4_0"}
FLASH_ATTENTION = {
    "auto": "LLAMA_FLASH_ATTN_TYPE_AUTO",
    "on": "LLAMA_FLASH_ATTN_TYPE_ENABLED",
    "off": "LLAMA_FLASH_ATTN_TYPE_DISABLED",
}


SPECULATIVE = {"mtp": "COMMON_SPECULATIVE_TYPE_DRAFT_MTP", "draft": "COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE"}


def main() -> None:
    line = sys.stdin.readline()
    if not line:
        return
    spec = json.loads(line)

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = spec["path"]
    params.model_alias = {spec["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = spec["port"]
    params.cors_origins = f"http://127.0.0.1:{spec['port']}"  # by default any web page may talk to it
    params.ui = False
    params.verbosity = 4  # from there on it says how large its KV cache is
    params.endpoint_props = True
    params.endpoint_metrics = True
    params.n_parallel = spec["parallel"]
    params.n_ctx = spec["context_tokens"] * spec["parallel"]
    params.fit_params = False  # would shrink the context to what fits: refuse, never shrink
    params.cache_ram_mib = 0  # up to 8 GiB of old prompts outside the predicted bytes, and warm across trials
    params.cache_type_k = params.cache_type_v = getattr(xllamacpp.ggml_type, KV_TYPES[spec["kv_type"]])
    params.flash_attn_type = getattr(xllamacpp.llama_flash_attn_type, FLASH_ATTENTION[spec["flash_attention"]])
    if spec["speculative"] != "off":
        params.speculative.types = [getattr(xllamacpp.common_speculative_type, SPECULATIVE[spec["speculative"]])]
        params.speculative.draft.mparams.path = spec["draft_path"]
        params.speculative.draft.cache_type_k = params.speculative.draft.cache_type_v = params.cache_type_k
    params.use_jinja = True
    if spec["chat_template"] is not None:
        params.chat_template = spec["chat_template"]
    if spec["threads"]:
        params.cpuparams.n_threads = spec["threads"]
        params.cpuparams_batch.n_threads = spec["threads"]
    server = xllamacpp.Server(params)  # serves from threads of its own as long as it is referenced
    while server:
        signal.pause()


if __name__ == "__main__":
    main()

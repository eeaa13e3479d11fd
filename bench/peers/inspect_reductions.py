"""The peer of bench/inspect.ts: five reductions in PyTorch over every tensor of a safetensors file mapped into memory.

usage: inspect_reductions.py FILE THREADS
Each line read goes over the whole file once; each line written is its seconds and the zeros as JSON.
"""
import json
import sys
import time

import torch

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def main():
    path, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    size = 8 + length + max(entry["data_offsets"][1] for entry in header.values())
    mapped = torch.from_file(path, shared=False, size=size, dtype=torch.uint8)
    tensors = [
        mapped[8 + length + entry["data_offsets"][0] : 8 + length + entry["data_offsets"][1]].view(DTYPES[entry["dtype"]])
        for entry in header.values()
    ]
    print(json.dumps({"version": f"PyTorch {torch.__version__}"}), flush=True)

    for _ in sys.stdin:
        begin = time.perf_counter()
        zeros = 0
        for tensor in tensors:
            zeros += int((tensor == 0).sum())
            tensor.min().item(), tensor.max().item(), tensor.mean().item(), tensor.std().item()
        print(json.dumps({"seconds": time.perf_counter() - begin, "zeros": zeros}), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Guess before running: a Dask worker knows the size of a tensor as it knows that of an array, so its memory limits hold
# for results of PyTorch: beyond the target they are written to the disk.
# What happens, with dask and distributed 2026.8.0 and torch 2.14.1: a tensor, of whatever size, weighs as much as its
# Python object, less than 1 kB, and so does a list or a module that holds tensors. Of twelve results of 40 MB in a worker
# whose target is 200 MB, all but five are written to the disk if they are arrays; if they are tensors all stay, at a
# managed memory of 1 kB, and the scheduler places tasks as if they could be moved for nothing.
# Instead: give back `.numpy()`, or register a size: dask.sizeof.sizeof.register(torch.Tensor)(lambda t: t.nbytes), in
# every worker.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q dask==2026.8.0 distributed==2026.8.0 torch==2.14.1 numpy==2.4.6 2>/dev/null
cat > "$work/ask.py" <<'PY'
import sys

import dask, distributed, numpy as np, torch
from dask.sizeof import sizeof
from distributed import Client, wait

SIZE, RESULTS = 40_000_000, 12


def array(i):
    return np.full(SIZE // 4, i, dtype=np.float32)


def tensor(i):
    return torch.full((SIZE // 4,), float(i))


def held(dask_worker):
    """Of a worker: what it holds in memory and on the disk, and what it thinks the former weighs."""
    return len(dask_worker.data.fast), len(dask_worker.data.slow), dask_worker.data.fast.total_weight


def kept(make):
    limits = {"target": 0.1, "spill": False, "pause": False, "terminate": False}
    with dask.config.set({f"distributed.worker.memory.{name}": value for name, value in limits.items()}):
        with Client(n_workers=1, threads_per_worker=1, processes=False, memory_limit="2GB", dashboard_address=None,
                    local_directory=sys.argv[1]) as client:
            results = client.map(make, range(RESULTS), pure=False)
            wait(results)
            return next(iter(client.run(held).values()))


if __name__ == "__main__":
    print(f"dask {dask.__version__}, distributed {distributed.__version__}, torch {torch.__version__}")
    told = {make.__name__: sizeof(make(0)) for make in (array, tensor)} | {"module": sizeof(torch.nn.Linear(1000, 1000))}
    print(f"told of {SIZE} bytes (a module of 4 MB):", told)
    assert told["array"] >= SIZE and told["tensor"] < 1000 and told["module"] < 1000, "tensors have their size now"
    for make in (array, tensor):
        memory, disk, weight = kept(make)
        print(f"{RESULTS} results of {make.__name__}: {memory} in memory, told to weigh {weight} bytes, {disk} on the disk")
        assert (memory < 6 and disk > 6) if make is array else (memory == RESULTS and disk == 0 and weight < 12_000)
    sizeof.register(torch.Tensor)(lambda value: value.nbytes)
    memory, disk, weight = kept(tensor)
    print(f"the same with a registered size: {memory} in memory, {disk} on the disk")
    assert memory < 6 and disk > 6
PY
"$work/venv/bin/python" "$work/ask.py" "$work"
# Seen: dask and distributed 2026.8.0: array 40000000, tensor 80, module 56; arrays 5 in memory and 7 on the disk, tensors 12
# and 0 (told to weigh 960 bytes), with a registered size 5 and 7

#!/usr/bin/env python3
"""Times products of 256 x 256 on one thread: `cargo bench --bench arrays`, then the Python peers on the same tasks.

    PYTHONPATH=cross-sim tools/array_peers.py            peers alone
    PYTHONPATH=cross-sim tools/array_peers.py --bench    both in one run, and how they compare

Peers are aihwkit and CrossSim, where they can be imported; numpy alone is shown beside them. What is missing is said.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

SIZE, BATCH = 256, 128


def rate(task, vectors):
    """Vectors per second, the best of five runs of a fifth of a second."""
    best = 0.0
    for _ in range(5):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < 0.2:
            task()
            count += 1
        best = max(best, count * vectors / (time.perf_counter() - start))
    return best


RATES = {}


def tell(what, task, vectors=1):
    RATES[what] = rate(task, vectors)
    print(f"{what:44s} {RATES[what]:12.0f} products/s", flush=True)


def quantise(values, limit, bits=8):
    step = limit / (2 ** (bits - 1) - 1)
    return np.clip(np.rint(values / step), -(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1) * step


def with_numpy():
    generator = np.random.default_rng(1)
    weights = generator.uniform(-1, 1, (SIZE, SIZE))
    batch = generator.uniform(-1, 1, (BATCH, SIZE))
    limit = 4 * np.sqrt((weights**2).sum(axis=0).max() / 3)
    sigma = 0.02
    one = batch[0]
    tell("numpy, ideal, one by one", lambda: one @ weights)
    tell("numpy, ideal, in batches", lambda: batch @ weights, BATCH)
    tell("numpy, 8 bits, one by one", lambda: quantise(quantise(one, 1) @ weights, limit))
    tell("numpy, 8 bits, in batches", lambda: quantise(quantise(batch, 1) @ weights, limit), BATCH)

    def noisy():
        noise = generator.standard_normal(weights.shape)
        return quantise(quantise(one, 1) @ (weights + sigma * noise), limit)

    tell("numpy, noise drawn per cell, one by one", noisy)


def with_aihwkit():
    try:
        import torch
        from aihwkit.nn import AnalogLinear
        from aihwkit.simulator.configs import InferenceRPUConfig
    except ImportError as missing:
        print(f"aihwkit is not there: {missing}")
        return
    torch.set_num_threads(1)
    layer = AnalogLinear(SIZE, SIZE, bias=False, rpu_config=InferenceRPUConfig())
    layer.eval()
    batch = torch.rand(BATCH, SIZE) * 2 - 1
    with torch.no_grad():
        tell("aihwkit, default, one by one", lambda: layer(batch[:1]))
        tell("aihwkit, default, in batches", lambda: layer(batch), BATCH)


def with_crosssim():
    try:
        from simulator import AnalogCore, CrossSimParameters
    except ImportError as missing:
        print(f"CrossSim is not there: {missing}")
        return
    generator = np.random.default_rng(1)
    weights = generator.uniform(-1, 1, (SIZE, SIZE))
    batch = generator.uniform(-1, 1, (SIZE, BATCH))

    def core(bits=0, noise=0.0):
        parameters = CrossSimParameters()
        if bits:
            parameters.xbar.dac.mvm.bits = bits
            parameters.xbar.dac.mvm.model = "QuantizerDAC"
            parameters.xbar.adc.mvm.bits = bits
            parameters.xbar.adc.mvm.model = "QuantizerADC"
            parameters.xbar.adc.mvm.adc_range_option = "MAX"
        if noise:
            parameters.xbar.device.read_noise.enable = True
            parameters.xbar.device.read_noise.model = "NormalIndependentDevice"
            parameters.xbar.device.read_noise.magnitude = noise
        return AnalogCore(weights, parameters)

    for name, made in (("ideal", core()), ("8 bits", core(8)), ("read noise", core(8, 0.02))):
        tell(f"CrossSim, {name}, one by one", lambda: made @ batch[:, 0])
        tell(f"CrossSim, {name}, in batches", lambda: made @ batch, BATCH)


def with_cargo():
    """What `cargo bench` measures: products per second by task."""
    root = Path(__file__).resolve().parent.parent
    subprocess.run(["cargo", "bench", "--bench", "arrays", "--", "--quick", "256x256"], cwd=root, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "criterion"
    found = {}
    for estimates in target.glob("*/*/new/estimates.json"):
        what = json.loads((estimates.parent / "benchmark.json").read_text())
        seconds = json.loads(estimates.read_text())["mean"]["point_estimate"] * 1e-9
        vectors = (what.get("throughput") or {}).get("Elements", 1)
        found[f"{what['group_id']}, {what['function_id']}"] = vectors / seconds
    return found


def compare(own):
    print()
    for task in ("ideal", "8 bits", "read noise"):
        for way in ("one by one", "in batches"):
            mine = own.get(f"256x256, {task}, {way}")
            peers = [(rate, name) for name, rate in RATES.items()
                     if not name.startswith("numpy") and (name.endswith(f"{task}, {way}")
                                                          or (name == f"aihwkit, default, {way}" and task != "ideal"))]
            if mine and peers:
                rate, name = max(peers)
                print(f"{task}, {way}: {mine:.0f} products/s, {mine / rate:.1f} times {name} ({rate:.0f})")
    for name, rate in own.items():
        if "wires" in name:
            print(f"{name}: {1e3 / rate:.1f} ms")
        if "lines" in name:
            print(f"{name}: {rate:.0f} products/s")


if __name__ == "__main__":
    own = with_cargo() if "--bench" in sys.argv else {}
    with_numpy()
    with_aihwkit()
    with_crosssim()
    compare(own)

#!/usr/bin/env python3
"""Times products of 256 x 256 in Python, to stand beside `cargo bench --bench arrays`.

numpy alone, and aihwkit and CrossSim where they can be imported; what is missing is said. One thread.
"""

import os
import time

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


def tell(what, task, vectors=1):
    print(f"{what:44s} {rate(task, vectors):12.0f} products/s")


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
        if noise:
            parameters.xbar.device.read_noise.enable = True
            parameters.xbar.device.read_noise.model = "NormalIndependent"
            parameters.xbar.device.read_noise.magnitude = noise
        return AnalogCore(weights, parameters)

    for name, made in (("ideal", core()), ("8 bits", core(8)), ("read noise", core(8, 0.02))):
        tell(f"CrossSim, {name}, one by one", lambda: made @ batch[:, 0])
        tell(f"CrossSim, {name}, in batches", lambda: made @ batch, BATCH)


if __name__ == "__main__":
    with_numpy()
    with_aihwkit()
    with_crosssim()

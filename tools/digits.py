#!/usr/bin/env python3
"""Makes the workload `digits`: a spiking classifier of noisy 5 x 7 dot-matrix digits, and its samples.

A layer of 36 inputs (35 dots and one that is always on) joins 10 output neurons. Its weights come from softmax
regression on 4000 noisy digits; the 150 samples of the workload are drawn apart from them. Needs Python alone:

    tools/digits.py workloads
"""

import math
import random
import sys
from pathlib import Path

FONT = [
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
]
DOTS = [[int(c) for c in glyph.replace(" ", "")] for glyph in FONT]
FLIP = 0.20          # dots that are wrong
SAMPLES = 150
EVERY = 16           # steps of a sample
SPIKES = [1, 3, 5, 7]  # steps of a sample in which a dot that is on fires
LEAK = 0.75          # what is left of a potential after a step


def draw(dice):
    digit = dice.randrange(10)
    return digit, [dot ^ (dice.random() < FLIP) for dot in DOTS[digit]] + [1]


def train(data, epochs=30, rate=0.02):
    weights = [[0.0] * 36 for _ in range(10)]
    for epoch in range(epochs):
        for digit, dots in data:
            on = [i for i, dot in enumerate(dots) if dot]
            scores = [sum(row[i] for i in on) for row in weights]
            top = max(scores)
            shares = [math.exp(score - top) for score in scores]
            total = sum(shares)
            for k, row in enumerate(weights):
                step = rate / (1 + epoch) * ((k == digit) - shares[k] / total)
                for i in on:
                    row[i] += step
    return weights


def run(weights, data):
    """The spiking network, as the simulator runs it: how many of the samples it answers rightly."""
    v, right = [0.0] * 10, 0
    for digit, dots in data:
        on = [i for i, dot in enumerate(dots) if dot]
        drive = [sum(row[i] for i in on) for row in weights]
        spikes = [0] * 10
        for step in range(1, EVERY + 1):
            arrived = step - 1 in SPIKES
            for k in range(10):
                v[k] = LEAK * v[k] + (drive[k] if arrived else 0.0)
                if v[k] > 1.0:
                    spikes[k] += 1
                    v[k] -= 1.0
        right += max(spikes) > 0 and spikes.index(max(spikes)) == digit
    return right


def main(folder):
    data = [draw(random.Random(1000 + n)) for n in range(4000)]
    weights = train(data)
    best = None
    for gain in [0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0]:
        scaled = [[round(64 * gain * w) / 64 for w in row] for row in weights]
        right = run(scaled, data[:1000])
        print(f"gain {gain}: {right / 10:.1f} % of the training samples", file=sys.stderr)
        if best is None or right > best[0]:
            best = (right, scaled)
    weights = best[1]
    samples = [draw(random.Random(100000 + n)) for n in range(SAMPLES)]
    right = run(weights, samples)
    print(f"{right} of {SAMPLES} samples", file=sys.stderr)
    write(Path(folder), weights, samples)


def write(folder, weights, samples):
    trains = [[] for _ in range(36)]
    for n, (_, dots) in enumerate(samples):
        for i, dot in enumerate(dots):
            if dot:
                trains[i] += [n * EVERY + step for step in SPIKES]
    lines = [
        "# Noisy 5 × 7 dot-matrix digits, told apart by one layer of spiking neurons with trained weights.",
        "#",
        "# Written by tools/digits.py. One dot in five is wrong; a dot that is on fires four times in the 16 steps of a",
        "# sample, and the output neuron that fires most answers. Weights are multiples of 1/64.",
        "",
        "description: Noisy dot-matrix digits, 36 inputs to 10 outputs, 150 samples with labels",
        "",
        f"steps: {SAMPLES * EVERY}",
        "",
        "labels:",
        "  population: digits",
        f"  every: {EVERY}",
        "  of: [" + ",".join(str(digit) for digit, _ in samples) + "]",
        "",
        "network:",
        "  dt: 1 ms",
        "  populations:",
        "    - name: dots",
        "      neurons: 36",
        "      model: {source-list: {}}",
        "      parts:",
    ]
    for i, train in enumerate(trains):
        lines.append(f"        - {{neurons: [{i}, {i}], model: {{source-list: {{steps: [{','.join(map(str, train))}]}}}}}}")
    lines += [
        "    - name: digits",
        "      neurons: 10",
        "      model: {lif: {tau_mem: 4 ms, r: 4, threshold: 1, reset_mode: soft}}",
        "  projections:",
        "    - from: dots",
        "      to: digits",
        "      pattern: {all-to-all: {}}",
        "      weights:",
        "        values: [",
    ]
    for i in range(36):
        lines.append("          " + ", ".join(f"{weights[k][i]:g}" for k in range(10)) + ",")
    lines.append("        ]")
    (folder / "digits.yaml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "workloads")

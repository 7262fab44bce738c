#!/usr/bin/env python3
"""Writes driven.json: models driven by given inputs, and what they must do.

usage: python3 tests/golden/neurons/driven.py > tests/golden/neurons/driven.json
An independent computation with the standard library only: exact rational or integer arithmetic
where the model allows it, and a second implementation of the keyed Philox streams. Each case has
the model as a user writes it, the time-step in seconds, the inputs (one row per step; null where
nothing arrives), the steps in which it fires (counted from 1), what it emits then (graded models),
and the trace of its first state variable (if it has any).
"""
import json
import math
import random
from fractions import Fraction as F

SEED, ID, PURPOSE_NEURON = 0x1234_5678_9ABC, 41, 7
random.seed(20)


def philox(counter, key):
    for _ in range(10):
        a, b = counter[0] * 0xD2511F53, counter[2] * 0xCD9E8D57
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & 0xFFFFFFFF,
                   (a >> 32) ^ counter[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


def draw(step):
    """The first uniform number of the stream of neuron ID in a step."""
    block = philox([0, step, ID, PURPOSE_NEURON << 16], [SEED & 0xFFFFFFFF, SEED >> 32])
    return F((block[0] << 32 | block[1]) >> 11, 1 << 53)


def case(name, model, inputs, update, dt=1e-3):
    """Runs `update(step, input or None) -> (fires, value or None, state or None)`."""
    fires, values, trace = [], [], []
    for step, x in enumerate(inputs, 1):
        fired, value, state = update(step, x)
        if fired:
            fires.append(step)
            if value is not None:
                values.append(float(value))
        if state is not None:
            trace.append(float(state))
    return {"name": name, "model": model, "dt": dt, "seed": SEED, "id": ID, "inputs": inputs,
            "fires": fires, "values": values, "trace": trace}


def events(n, choices, silence=0.4):
    return [None if random.random() < silence else random.choice(choices) for _ in range(n)]


def exact(x):
    return F(0) if x is None else F(x)


def integrate_fire(mode, refractory):
    p = {"threshold": 1.5, "bias": 0.125, "reset_mode": mode, "reset": -0.25, "refractory": refractory}
    v, hold = F(-1, 4), 0

    def update(_, x):
        nonlocal v, hold
        fired = False
        if hold:
            hold -= 1
        else:
            v += F(1, 8) + exact(x)
            fired = v > F(3, 2)
            if fired:
                v = {"hard": F(-1, 4), "soft": v - F(3, 2), "saturate": F(3, 2), "none": v}[mode]
                hold = max(refractory, 1) - 1
        return fired, None, v
    inputs = events(80, [0.5, 1.0, -0.25, 0.75])
    return case(f"integrate-fire {mode} {refractory}", {"integrate-fire": p}, inputs, update)


def step(p):
    q = {"threshold": 0, "bias": 0, "memory": 1, "reset": 0, "initial": 0, "probability": 1,
         "oneshot": False, **p}
    v, spent = F(q["initial"]), False

    def update(t, x):
        nonlocal v, spent
        v += F(q["bias"]) + exact(x)
        able = v > F(q["threshold"]) and not spent
        fired = able and (q["probability"] == 1 or draw(t) < F(q["probability"]))
        v = F(q["reset"]) if fired else v * F(q["memory"])
        spent |= fired and q["oneshot"]
        return fired, None, v
    return case(f"step {sorted(p)}", {"step": p}, events(80, [0.5, 1.0, -0.25, 2.0]), update)


def loihi(p, inputs):
    u = v = 0

    def towards_zero(x, keep):
        return (abs(x) * keep // 4096) * (1 if x >= 0 else -1)

    def update(_, x):
        nonlocal u, v
        u = towards_zero(u, 4096 - p["du"] - 1) + int(x or 0) * 64
        u = (u + 2**23) % 2**24 - 2**23
        v = towards_zero(v, 4096 - p["dv"]) + u + p["bias_mantissa"] * 2 ** p["bias_exponent"]
        v = max(-(2**23) + 1, min(2**23 - 1, v))
        fired = v > p["threshold"] * 64
        v = 0 if fired else v
        return fired, None, v
    return case(f"loihi {p}", {"loihi": p}, inputs, update)


def lava(name, p, inputs, fires, trace):
    """Figures published in the tests of the Lava framework for its Loihi-accurate neuron."""
    p = {"bias_mantissa": 0, "bias_exponent": 0, **p}
    return {"name": name, "model": {"loihi": p}, "dt": 1e-3, "seed": 0, "id": 0, "inputs": inputs,
            "fires": fires, "values": [], "trace": trace}


def bernoulli(base, gain):
    def update(t, x):
        return draw(t) < F(base) + F(gain) * exact(x), None, None
    model = {"bernoulli": {"base": base, "gain": gain}}
    return case("bernoulli", model, events(200, [0.5, 1.0, 2.0, -1.0]), update)


def boltzmann(p):
    q = {"bias": 0, "temperature": 1, "cooling": 1, "coldest": 1e-6, "accumulate": False,
         "emits": "states", "refractory": 0, **p}
    field, on, hold = 0.0, 0, 0

    def update(t, x):
        nonlocal field, on, hold
        field = (field if q["accumulate"] else 0.0) + (x or 0.0)
        warmth = max(q["coldest"], q["temperature"] * q["cooling"] ** (t - 1))
        before = on
        if hold:
            hold -= 1
        else:
            on = int(float(draw(t)) < 1 / (1 + math.exp(-(q["bias"] + field) / warmth)))
            hold = q["refractory"] if on != before else 0
        fired = on != before if q["emits"] == "flips" else on == 1
        return fired, 1 if on else -1, field
    return case(f"boltzmann {sorted(p)}", {"boltzmann": p}, events(120, [1.0, -1.0, 2.0, -2.0]), update)


def rate(transfer, alpha):
    functions = {"tanh": math.tanh, "relu": lambda x: max(x, 0.0), "identity": lambda x: x,
                 "sigmoid": lambda x: 1 / (1 + math.exp(-x))}
    p = {"transfer": transfer, "gain": 0.75, "bias": -0.1, "alpha": alpha, "silence": 0.05}
    r = 0.0

    def update(_, x):
        nonlocal r
        r = (1 - alpha) * r + alpha * functions[transfer](0.75 * (-0.1 + (x or 0.0)))
        return abs(r) > 0.05, r, r
    return case(f"rate {transfer} {alpha}", {"rate": p}, events(40, [0.5, -1.5, 2.0]), update)


def source(name, p, fires_at, value=None, dt=1e-3):
    update = lambda t, _: (fires_at(t), value, None)
    return case(name, {name: p}, [None] * 60, update, dt)


def main():
    cases = [integrate_fire(mode, r) for mode in ("hard", "soft", "saturate", "none") for r in (0, 3)]
    cases += [step(p) for p in (
        {"threshold": 1.0}, {"threshold": 1.25, "memory": 0.5, "bias": 0.25, "reset": -0.5, "initial": 1.0},
        {"threshold": 0.5, "probability": 0.375}, {"threshold": 1.0, "oneshot": True, "memory": 0.0})]
    wild = lambda most: [random.randint(-most, most) if random.random() < 0.6 else None for _ in range(150)]
    cases += [loihi({"du": du, "dv": dv, "threshold": th, "bias_mantissa": m, "bias_exponent": e}, wild(most))
              for du, dv, th, m, e, most in (
        (0, 8, 40, 300, 2, 20), (2047, 128, 1000, -7, 5, 2000), (4095, 4095, 1, 1, 0, 3),
        (409, 3, 131071, 4095, 7, 120000), (1, 1, 131071, -4096, 7, 131000))]
    cases.append(lava("loihi published impulse, du = 2047", {"du": 2047, "dv": 0, "threshold": 256},
                      [128] + [None] * 7, [],
                      [8192, 12288, 14336, 15360, 15872, 16128, 16256, 16320]))
    cases.append(lava("loihi published impulse, dv = 2048", {"du": 0, "dv": 2048, "threshold": 256},
                      [128] + [None] * 7, [],
                      [8192, 12286, 14331, 15351, 15859, 16111, 16235, 16295]))
    cases.append(lava("loihi published bias", {"du": 0, "dv": 0, "threshold": 8, "bias_mantissa": 2,
                      "bias_exponent": 6}, [None] * 10, [5, 10],
                      [128, 256, 384, 512, 0, 128, 256, 384, 512, 0]))
    cases += [bernoulli(0.125, 0.25), bernoulli(-0.25, 0.5)]
    cases += [boltzmann(p) for p in (
        {"bias": -0.5}, {"accumulate": True, "emits": "flips", "refractory": 3, "temperature": 2.0},
        {"temperature": 4.0, "cooling": 0.9, "coldest": 0.5, "bias": 0.25})]
    cases += [rate(f, alpha) for f in ("tanh", "relu", "sigmoid", "identity") for alpha in (1.0, 0.25)]
    cases.append(source("source-constant", {"value": -2.5}, lambda t: True, -2.5))
    cases.append(source("source-list", {"steps": [3, 4, 11, 59]}, lambda t: t in (3, 4, 11, 59)))
    cases.append(source("source-list", {"steps": [3, 4, 11], "repeat": 10},
                        lambda t: any(t >= s and (t - s) % 10 == 0 for s in (3, 4, 11))))
    cases.append(source("source-poisson", {"rate": 250.0}, lambda t: float(draw(t)) < 250.0 * 0.5e-3, dt=0.5e-3))
    cases.append(source("source-regular", {"rate": 0.375, "phase": 0.25}, lambda t:
                        math.floor(t * F(3, 8) + F(1, 4)) > math.floor((t - 1) * F(3, 8) + F(1, 4))))
    rows = ",\n".join(json.dumps(c) for c in cases)
    print(f"[\n{rows}\n]")


main()

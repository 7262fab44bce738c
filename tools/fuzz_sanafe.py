#!/usr/bin/env python3
"""Draws chips and networks at random, and compares what SANA-FE and Spikeloom say of them.

    python3 -m venv venv && venv/bin/pip install sanafe
    venv/bin/python tools/fuzz_sanafe.py FIRST LAST [--taps] [--keep FOLDER]

Each number from FIRST to LAST is a case, with a process of its own. Spikes, updates, synaptic events, hops and times of
each step, and total energy, in both timing models; the binary is `target/release/spikeloom`, or what SPIKELOOM names.

SANA-FE sends the packets of a spike in the order in which its cores lie in memory, which is up to the allocator. Where
that is not the order of their numbers, its `detailed` times are those of another order: such cases are told apart, and
only their other figures count.

With `--taps`, each network has some neurons more, with dendrites with taps.
"""

import argparse
import csv
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import sanafe
import yaml

from compare_sanafe import FIDELITY, TOLERANCE, trace_steps_only

STEPS = 25
RESETS = ["hard", "soft", "saturate", "none"]
TAP_UNITS = 4


def number(draw, low, high, digits=3):
    return round(draw.uniform(low, high), digits)


def pico(draw):
    return float(f"{draw.uniform(0, 50) * 1e-12:.4g}")


def nano(draw, high, low=0.0):
    return float(f"{draw.uniform(low, high) * 1e-9:.4g}")


def costs(draw, events):
    return {f"{kind}_{event}": pico(draw) if kind == "energy" else nano(draw, high) for event, high in events.items() for kind in ("energy", "latency")}


def draw_arch(draw):
    """An architecture, its tiles and the cores of each."""
    width, height, cores = draw.randint(1, 5), draw.randint(1, 4), draw.randint(1, 4)
    unit = lambda name, model, events: {"name": name, "attributes": ({"model": model} if model else {}) | costs(draw, events)}
    soma = {"access_neuron": 6, "update_neuron": 4, "spike_out": 30}
    core = {
        "name": f"core[0..{cores - 1}]",
        "attributes": {"buffer_position": "soma", "buffer_inside_unit": False, "max_neurons_supported": 400},
        "axon_in": [unit("ain", None, {"message_in": 40})],
        "synapse": [unit(name, "current_based", {"process_spike": 9}) for name in ("few", "many")],
        "dendrite": [unit("den", "accumulator", {"update": 2})],
        "soma": [unit("lif", "leaky_integrate_fire", soma), unit("tn", "truenorth", soma)]
        + [unit(f"inp[{i}]", "input", soma) for i in range(6)],
        "axon_out": [unit("aout", None, {"message_out": 9})],
    }
    hops = {f"latency_{way}_hop": nano(draw, 9, 0.5) for way in ("north", "east", "south", "west")}
    hops |= {f"energy_{way}_hop": pico(draw) for way in ("north", "east", "south", "west")}
    attributes = {"width": width, "height": height, "link_buffer_size": draw.randint(1, 6)}
    if draw.random() < 0.4:
        attributes |= {"sync_model": "fixed", "latency_sync": nano(draw, 900)}
    elif draw.random() < 0.5:
        attributes |= {"sync_model": "table", "latency_sync": {1: nano(draw, 300), 3: nano(draw, 600), 6: nano(draw, 900)}}
    tile = {"name": f"tile[0..{width * height - 1}]", "attributes": hops, "core": [core]}
    return {"architecture": {"name": "drawn", "attributes": attributes, "tile": [tile]}}, width * height, cores


def some(draw, choices):
    """Each of the attributes with its chance."""
    return {name: value() for name, (chance, value) in choices.items() if draw.random() < chance}


def draw_lif(draw):
    chosen = some(draw, {
        "bias": (0.6, lambda: number(draw, -1, 2.5)),
        "leak_decay": (0.5, lambda: number(draw, 0, 1)),
        "input_decay": (0.5, lambda: number(draw, 0, 0.9)),
        "reset": (0.5, lambda: number(draw, -1, 0.4)),
        "reset_mode": (0.6, lambda: draw.choice(RESETS)),
        "refractory_delay": (0.3, lambda: draw.randint(1, 5)),
        "force_update": (0.2, lambda: True),
    })
    if draw.random() < 0.5:
        chosen |= {"reverse_threshold": -number(draw, 0.5, 6), "reverse_reset": -number(draw, 0, 0.5), "reverse_reset_mode": draw.choice(RESETS)}
    return {"threshold": number(draw, 0.5, 12)} | chosen


def draw_truenorth(draw):
    chosen = some(draw, {
        "bias": (0.6, lambda: number(draw, -1, 2.5)),
        "leak": (0.5, lambda: number(draw, -1, 1)),
        "leak_towards_zero": (0.4, lambda: draw.choice([True, False])),
        "reset": (0.5, lambda: number(draw, -1, 0.4)),
        "reset_mode": (0.5, lambda: draw.choice(["hard", "soft", "saturate"])),
        "force_update": (0.2, lambda: True),
    })
    return {"threshold": number(draw, 0.5, 12)} | chosen


def draw_edges(draw, sources, targets):
    edges = []
    for _ in range(draw.randint(1, 220)):
        (source, count), (target, room) = draw.choice(sources), draw.choice(targets)
        edges.append({f"{source}.{draw.randrange(count)} -> {target}.{draw.randrange(room)}": {"weight": number(draw, -4, 8, 2)}})
    for _ in range(draw.randint(0, 2)):
        (source, count), (target, room) = draw.choice(sources), draw.choice(targets)
        weights = [number(draw, -2, 3, 2) for _ in range(count * room)]
        edges.append({f"{source} -> {target}": {"type": "dense", "weight": weights}})
    return edges


def draw_image(draw, groups, edges):
    """Two layers and a convolution between them."""
    width, height, channels, filters = (draw.randint(2, 6), draw.randint(2, 6), draw.randint(1, 2), draw.randint(1, 3))
    side, stride = draw.randint(1, 2), draw.randint(1, 2)
    after = ((width - side) // stride + 1) * ((height - side) // stride + 1) * filters
    for name, count in (("image", width * height * channels), ("features", after)):
        groups.append({"name": name, "attributes": {"synapse_hw_name": "many"}, "neurons": [{i: draw_lif(draw)} for i in range(count)]})
    weights = [number(draw, -2, 4, 2) for _ in range(side * side * channels * filters)]
    shape = {"input_width": width, "input_height": height, "input_channels": channels, "kernel_width": side, "kernel_height": side, "kernel_count": filters}
    edges.append({"image -> features": {"type": "conv2d", **shape, "stride_width": stride, "stride_height": stride, "weight": weights}})


def draw_far(draw, tiles, cores, arch, net):
    """Neurons with taps, each on a dendrite unit of its own, and edges to and from them."""
    unit = {"name": f"tap[0..{TAP_UNITS - 1}]", "attributes": {"model": "taps"} | costs(draw, {"update": 2})}
    arch["architecture"]["tile"][0]["core"][0]["dendrite"].append(unit)
    units = [(tile, core, unit) for tile in range(tiles) for core in range(cores) for unit in range(TAP_UNITS)]
    seats = draw.sample(units, min(len(units), draw.randint(2, 12)))
    kind, soma = draw.choice([(draw_lif, "lif"), (draw_truenorth, "tn")])
    taps = [draw.randint(1, 5) for _ in seats]
    shares = lambda low, high, count: [number(draw, low, high) for _ in range(count)]
    cable = lambda count: {"taps": count, "time_constants": shares(0.5, 1, count), "space_constants": shares(0, 0.2, count - 1)}
    neurons = [{i: kind(draw) | cable(count)} for i, count in enumerate(taps)]
    others = [(group["name"], len(group["neurons"])) for group in net["network"]["groups"]]
    net["network"]["groups"].append({"name": "far", "neurons": neurons})
    net["mappings"] += [{f"far.{i}": {"core": f"@{tile}.{core}", "soma": soma, "dendrite": f"tap[{unit}]"}} for i, (tile, core, unit) in enumerate(seats)]
    edges = net["network"]["edges"]
    for _ in range(draw.randint(10, 120)):
        (source, count), target = draw.choice(others + [("far", len(seats))]), draw.randrange(len(seats))
        edges.append({f"{source}.{draw.randrange(count)} -> far.{target}": {"weight": number(draw, -3, 6, 2), "tap": draw.randrange(taps[target])}})
    source, count = draw.choice(others)
    weights = [number(draw, -1, 2, 2) for _ in range(count * len(seats))]
    edges.append({f"{source} -> far": {"type": "dense", "weight": weights, "tap": [draw.randrange(taps[i % len(seats)]) for i in range(len(weights))]}})
    targets = [(name, count) for name, count in others if name != "inputs"]
    for _ in range(draw.randint(0, 20)):
        target, count = draw.choice(targets)
        edges.append({f"far.{draw.randrange(len(seats))} -> {target}.{draw.randrange(count)}": {"weight": number(draw, -4, 8, 2)}})


def draw_net(draw, tiles, cores):
    groups, mappings, edges = [], [], []
    seat = lambda: f"@{draw.randrange(tiles)}.{draw.randrange(cores)}"
    for group in range(draw.randint(1, 4)):
        kind, count = draw.choice([draw_lif, draw_lif, draw_truenorth]), draw.randint(1, 30)
        groups.append({"name": f"g{group}", "attributes": {"synapse_hw_name": draw.choice(["few", "many"])}, "neurons": [{i: kind(draw)} for i in range(count)], "soma": "tn" if kind is draw_truenorth else "lif"})
    targets = [(group["name"], len(group["neurons"])) for group in groups]
    if draw.random() < 0.4:
        draw_image(draw, groups, edges)
    for group in groups:
        name, soma, start = group["name"], group.pop("soma", "lif"), 0
        while start < len(group["neurons"]):
            end = min(len(group["neurons"]), start + draw.randint(1, 12))
            mappings.append({f"{name}.{start}..{end - 1}" if end - 1 > start else f"{name}.{start}": {"core": seat(), "soma": soma}})
            start = end
    units = [(tile, core, unit) for tile in range(tiles) for core in range(cores) for unit in range(6)]
    inputs = draw.sample(units, draw.randint(1, 6))
    drive = lambda: draw.choice([{"spikes": [draw.randint(0, 1) for _ in range(20)]}, {"rate": draw.choice([0.2, 0.25, 0.34, 0.5])}])
    groups.append({"name": "inputs", "neurons": [{i: drive()} for i in range(len(inputs))]})
    mappings += [{f"inputs.{i}": {"core": f"@{tile}.{core}", "soma": f"inp[{unit}]"}} for i, (tile, core, unit) in enumerate(inputs)]
    draw.shuffle(mappings)
    edges += draw_edges(draw, targets + [("inputs", len(inputs))], targets)
    return {"network": {"name": "drawn", "groups": groups, "edges": edges}, "mappings": mappings}


def write(document, path):
    text = yaml.dump(document, default_flow_style=None, sort_keys=False, width=10**9)
    # A core looks like a fraction, and is no text.
    path.write_text(re.sub(r"'?@([0-9.]+)'?", r"\1", text), encoding="utf-8")


def run_peer(folder, model):
    """Its figures, and how many packets are not in the order of their cores."""
    arch = sanafe.load_arch(f"{folder}/arch.yaml")
    network = sanafe.load_net(f"{folder}/snn.yaml", arch)
    chip = sanafe.SpikingChip(arch)
    chip.load(network)
    result = chip.sim(STEPS, timing_model=model, processing_threads=1, scheduler_threads=0, perf_trace=True, message_trace=True)
    moved, last = 0, None
    for message in (message for step in result["message_trace"] for message in sorted(step, key=lambda it: it["mid"]) if message["mid"] >= 0):
        spike = (message["timestep"], message["src_neuron_group_id"], message["src_neuron_offset"])
        moved += last is not None and last[0] == spike and last[1] > message["dest_core_id"]
        last = (spike, message["dest_core_id"])
    return result, moved


def run_ours(folder, model, binary):
    imported, results = f"{folder}/imported", f"{folder}/{model}"
    if not os.path.exists(imported):
        subprocess.run([binary, "import", "sanafe", f"{folder}/arch.yaml", f"{folder}/snn.yaml", "--out", imported, "--steps", str(STEPS)], check=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        trace_steps_only(f"{imported}/workload.yaml")
    command = [binary, "run", f"{imported}/workload.yaml", "--chip", f"{imported}/chip.yaml", "--fidelity", FIDELITY[model], "--out", results, "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return json.load(open(f"{results}/report.json", encoding="utf-8")), list(csv.DictReader(open(f"{results}/steps.csv", encoding="utf-8")))


def differences(report, rows, result, counts_time):
    traffic, trace = report["traffic"], result["perf_trace"]
    pairs = [("spikes", traffic["spikes"], result["neurons_fired"]), ("energy", report["energy"]["total_joules"], result["energy"]["total"])]
    columns = {"spikes": "fired", "updates": "updated", "hops": "hops", "synaptic_events": "spikes"}
    columns |= {"seconds": "sim_time"} if counts_time else {}
    pairs += [(f"{ours} of step {step}", float(row[ours]), value) for ours, theirs in columns.items() for step, (row, value) in enumerate(zip(rows, trace[theirs]), 1)]
    return [f"{what}: {ours} is not {theirs}" for what, ours, theirs in pairs if abs(ours - theirs) > TOLERANCE * max(abs(ours), abs(theirs))]


def run_case(case, folder, binary, has_taps):
    """Says what has come of a case; whether anything differs that should not."""
    draw = random.Random(case)
    arch, tiles, cores = draw_arch(draw)
    net = draw_net(draw, tiles, cores)
    if has_taps:
        draw_far(draw, tiles, cores, arch, net)
    write(arch, folder / "arch.yaml")
    write(net, folder / "snn.yaml")
    wrong, notes = [], []
    for model in FIDELITY:
        result, moved = run_peer(folder, model)
        report, rows = run_ours(folder, model, binary)
        counts_time = moved == 0 or model == "simple"
        if not counts_time:
            notes.append(f"SANA-FE moved {moved} packets")
        wrong += [f"{model}: {it}" for it in differences(report, rows, result, counts_time)]
    figures = f"{result['neurons_fired']} spikes, {result['spikes']} synaptic events"
    print(f"{case}: {'; '.join(wrong[:3]) or 'same'} ({'; '.join([figures] + notes)})", flush=True)
    return bool(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--taps", action="store_true", help="with dendrites with taps")
    parser.add_argument("--keep", help="a folder for the files of each case")
    arguments = parser.parse_args()
    binary = os.path.abspath(os.environ.get("SPIKELOOM", "target/release/spikeloom"))
    if arguments.first == arguments.last:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(arguments.keep or folder) / str(arguments.first)
            folder.mkdir(parents=True)
            sys.exit(run_case(arguments.first, folder, binary, arguments.taps))
    more = (["--taps"] if arguments.taps else []) + (["--keep", arguments.keep] if arguments.keep else [])
    failed = []
    for case in map(str, range(arguments.first, arguments.last + 1)):
        done = subprocess.run([sys.executable, __file__, case, case, *more], check=False, capture_output=True, text=True)
        print("\n".join(line for line in done.stdout.splitlines() if line.startswith(case + ":")) or f"{case}: {done.stderr.strip()[-300:]}", flush=True)
        failed += [case] if done.returncode else []
    print(f"{len(failed)} of {arguments.last - arguments.first + 1} cases differ: {', '.join(failed) or 'none'}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

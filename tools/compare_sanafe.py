#!/usr/bin/env python3
"""Runs an architecture and a network in SANA-FE and in Spikeloom, and compares what both say.

    python3 -m venv venv && venv/bin/pip install sanafe
    venv/bin/python tools/compare_sanafe.py ARCH NET --steps 100 [--model detailed|simple]

ARCH and NET are files of SANA-FE; `loihi` or `example` stand for the ones that its package brings. Nothing
of them is copied. NET `uniform` stands for a network that is made here, for `loihi`: 32 cores of 1024 neurons,
each with synapses to 100 others drawn from all, of which about 3 % fire in a step. The binary is
`target/release/spikeloom`, or what SPIKELOOM names. Both write what happened in each step, and no other trace.
Fails if a figure differs by more than one part in 10^9.
"""

import argparse
import csv
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy
import sanafe

FIDELITY = {"detailed": "sanafe", "simple": "sanafe-simple"}
TOLERANCE = 1e-9


def bundled(name):
    folder = pathlib.Path(sanafe.__file__).parent / "examples"
    return {
        "loihi": folder / "loihi.yaml",
        "example": folder / "example_chip.yaml",
        "example-snn": folder / "example_snn.yaml",
    }.get(name, pathlib.Path(name))


class Uniform:
    """Neurons that fire by themselves, each at its own rate; their synapses weigh nothing."""

    CORES, PER_CORE, TARGETS, THRESHOLD = 32, 1024, 100, 64.0

    def __init__(self):
        draw = numpy.random.default_rng(1)
        self.neurons = self.CORES * self.PER_CORE
        self.targets = draw.integers(0, self.neurons, (self.neurons, self.TARGETS))
        # Potentials have six fractional bits. The threshold is passed after 26 to 43 steps.
        self.bias = (96 + draw.integers(0, 65, self.neurons)) / 64

    def of_peer(self, arch):
        network = sanafe.Network()
        attributes = {"threshold": self.THRESHOLD, "leak_decay": 1.0}
        group = network.create_neuron_group("a", self.neurons, attributes, "loihi_sparse_synapse", soma_hw_name="loihi_lif")
        for neuron, bias in zip(group, self.bias.tolist()):
            neuron.set_attributes(model_attributes={"bias": bias})
        for first in range(0, self.neurons, self.PER_CORE):
            part = self.targets[first : first + self.PER_CORE].tolist()
            pairs = [(first + at, target) for at, targets in enumerate(part) for target in targets]
            group.connect_neurons_sparse(group, {"weight": [0.0] * len(pairs)}, pairs)
        cores = arch.cores()
        for at, neuron in enumerate(group):
            neuron.map_to_core(cores[at // self.PER_CORE])
        return network

    def write(self, folder, steps):
        """What we take; the chip is imported with a network of one neuron."""
        with open(f"{folder}/edges.csv", "w", encoding="utf-8") as out:
            out.write("source,target,weight\n")
            for source, targets in enumerate(self.targets.tolist()):
                out.writelines(f"{source},{target},0\n" for target in targets)
        granule = "loihi_lif+loihi_sparse_synapse+loihi_dendrites"
        seat = lambda core: {"core": core, "granule": granule, "neurons": f"a[{core * self.PER_CORE}..{(core + 1) * self.PER_CORE - 1}]"}
        model = {"sanafe-lif": {"threshold": self.THRESHOLD}}
        network = {
            "dt": 0.001,
            "populations": [{"name": "a", "neurons": self.neurons, "model": model, "values": {"bias": self.bias.tolist()}}],
            "projections": [{"from": "a", "to": "a", "pattern": {"list": {"file": "edges.csv"}}}],
            "mapping": [seat(core) for core in range(self.CORES)],
        }
        document = {"name": "uniform", "network": network, "steps": steps, "probes": {"steps": True}}
        pathlib.Path(f"{folder}/workload.yaml").write_text(json.dumps(document), encoding="utf-8")

    ONE_NEURON = """
network:
  name: one
  groups:
    - name: a
      attributes: {soma_hw_name: loihi_lif, synapse_hw_name: loihi_sparse_synapse, threshold: 1.0}
      neurons: [0..0: {}]
  edges: []
mappings: [a.0..0: {core: 0.0}]
"""


def run_peer(arch, net, steps, model):
    start = time.process_time()
    chip_arch = sanafe.load_arch(str(arch))
    network = net.of_peer(chip_arch) if isinstance(net, Uniform) else sanafe.load_net(str(net), chip_arch)
    chip = sanafe.SpikingChip(chip_arch)
    chip.load(network)
    loaded = time.process_time()
    result = chip.sim(steps, timing_model=model, processing_threads=1, scheduler_threads=0, perf_trace=True)
    ran = time.process_time() - loaded
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return result, {"load": loaded - start, "run": ran, "peak": peak}


def trace_steps_only(workload):
    file = pathlib.Path(workload)
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("probes:")]
    file.write_text("\n".join(lines + ["probes: {steps: true}"]) + "\n", encoding="utf-8")


def run_ours(arch, net, steps, model, binary):
    with tempfile.TemporaryDirectory() as folder:
        imported, results = f"{folder}/imported", f"{folder}/results"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        file = net
        if isinstance(net, Uniform):
            file = f"{folder}/one.yaml"
            pathlib.Path(file).write_text(net.ONE_NEURON, encoding="utf-8")
        subprocess.run([binary, "import", "sanafe", arch, file, "--out", imported, "--steps", str(steps)], check=True)
        if isinstance(net, Uniform):
            net.write(imported, steps)
        else:
            trace_steps_only(f"{imported}/workload.yaml")
        command = [binary, "run", f"{imported}/workload.yaml", "--chip", f"{imported}/chip.yaml"]
        command += ["--fidelity", FIDELITY[model], "--out", results, "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = json.load(open(f"{results}/report.json", encoding="utf-8"))
        host = json.load(open(f"{results}/host.json", encoding="utf-8"))
        rows = list(csv.DictReader(open(f"{results}/steps.csv", encoding="utf-8")))
    cpu = after.ru_utime - before.ru_utime
    return report, rows, {"load": host["load_seconds"], "run": host["run_seconds"], "cpu": cpu, "peak": host["peak_memory_bytes"]}


def compare(name, ours, theirs, wrong):
    scale = max(abs(ours), abs(theirs), 1e-300)
    same = abs(ours - theirs) <= TOLERANCE * scale
    print(f"{name:22} {ours:<24} {theirs:<24} {'same' if same else 'DIFFERENT'}")
    if not same:
        wrong.append(name)


def compare_steps(rows, trace, wrong):
    columns = {"spikes": "fired", "updates": "updated", "hops": "hops", "synaptic_events": "spikes", "seconds": "sim_time"}
    for ours, theirs in columns.items():
        for row, value in zip(rows, trace[theirs]):
            found = float(row[ours])
            if abs(found - value) > TOLERANCE * max(abs(found), abs(value)):
                print(f"step {row['step']}: {ours} {found} is not {value}")
                wrong.append(f"{ours} by step")
                break


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch")
    parser.add_argument("net")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--model", choices=FIDELITY, default="detailed")
    arguments = parser.parse_args()
    arch = bundled(arguments.arch)
    net = Uniform() if arguments.net == "uniform" else str(bundled(arguments.net))
    binary = os.environ.get("SPIKELOOM", "target/release/spikeloom")
    report, rows, ours = run_ours(str(arch), net, arguments.steps, arguments.model, binary)
    result, theirs = run_peer(arch, net, arguments.steps, arguments.model)
    wrong = []
    print(f"{'':22} {'Spikeloom':24} SANA-FE")
    traffic = report["traffic"]
    compare("spikes", traffic["spikes"], result["neurons_fired"], wrong)
    compare("updates", traffic["updates"], result["neurons_updated"], wrong)
    compare("synaptic events", traffic["synaptic_events"], result["spikes"], wrong)
    compare("packets", traffic["packets"]["injected"], result["packets_sent"], wrong)
    compare("time [s]", report["time"]["seconds"], result["sim_time"], wrong)
    compare("energy [J]", report["energy"]["total_joules"], result["energy"]["total"], wrong)
    if isinstance(result.get("perf_trace"), dict):
        compare_steps(rows, result["perf_trace"], wrong)
    speed = (arguments.steps / ours["run"], arguments.steps / theirs["run"])
    print(f"{'steps/s':22} {speed[0]:<24.1f} {speed[1]:<24.1f} {speed[0] / speed[1]:.1f} times (our wall time, their CPU time)")
    print(f"{'load [s]':22} {ours['load']:<24.2f} {theirs['load']:<24.2f}")
    print(f"{'peak memory [MB]':22} {ours['peak'] / 1e6:<24.1f} {theirs['peak'] / 1e6:<24.1f} 1/{theirs['peak'] / ours['peak']:.1f}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

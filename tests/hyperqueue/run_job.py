"""Runs a HyperQueue job definition file on a cluster of two workers in this process.

Usage: run_job.py JOB.toml FOLDER    (Python 3.11 with `pip install hyperqueue`)
"""

import sys
import tomllib
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
from hyperqueue.ffi.protocol import ResourceRequest


def main(file, folder):
    description = tomllib.loads(Path(file).read_text())
    known = {"id", "cwd", "command", "crash_limit", "request", "deps"}
    job = Job(name=description["name"])
    tasks = {}
    for task in description["task"]:
        assert not set(task) - known, f"unknown fields: {set(task) - known}"
        resources = task["request"][0]["resources"]
        tasks[task["id"]] = job.program(
            task["command"],
            cwd=task["cwd"],
            stdout=None,
            stderr=None,
            deps=[tasks[other] for other in task.get("deps", [])],
            crash_limit=task["crash_limit"],
            resources=ResourceRequest(cpus=resources["cpus"]),
        )
    with LocalCluster(server_dir=Path(folder)) as cluster:
        for _ in range(2):
            cluster.start_worker(WorkerConfig(cores=1))
        client = cluster.client()
        submitted = client.submit(job)
        print("submitted", flush=True)
        client.wait_for_jobs([submitted])


main(*sys.argv[1:])

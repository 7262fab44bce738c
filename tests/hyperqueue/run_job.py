"""Runs a HyperQueue job definition file on a cluster of two workers, each a process of its own.

Usage: run_job.py JOB.toml FOLDER    (Python 3.11 with `pip install hyperqueue`)

Writes `workers PID PID` to standard output once both are up, so that the caller can kill one of them.
"""

import subprocess
import sys
import time
import tomllib
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
from hyperqueue.ffi.protocol import ResourceRequest

# Where a server says how it is reached, inside its folder.
CURRENT = "hq-current"


def work(server, own):
    """A worker by itself. The package starts workers for servers of its own only, so that it is shown the
    other server in the place of that."""
    cluster = LocalCluster(server_dir=str(own))
    link = Path(own) / CURRENT
    link.unlink()
    link.symlink_to((Path(server) / CURRENT).resolve())
    cluster.start_worker(WorkerConfig(cores=1))
    print("up", flush=True)
    while True:
        time.sleep(60)


def start_worker(server, own):
    command = [sys.executable, __file__, "--worker", str(server), str(own)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in worker.stdout:
        if line.strip() == "up":
            return worker
    raise RuntimeError("a worker does not come up")


def job_of(file):
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
    return job


def main(file, folder):
    # The package takes absolute folders only.
    folder = Path(folder).resolve()
    for name in ("server", "first", "second"):
        (folder / name).mkdir(parents=True)
    job = job_of(file)
    with LocalCluster(server_dir=str(folder / "server")) as cluster:
        workers = [start_worker(folder / "server", folder / name) for name in ("first", "second")]
        try:
            print("workers", *(worker.pid for worker in workers), flush=True)
            client = cluster.client()
            client.wait_for_jobs([client.submit(job)])
        finally:
            for worker in workers:
                worker.kill()


if sys.argv[1] == "--worker":
    work(*sys.argv[2:])
else:
    main(*sys.argv[1:])

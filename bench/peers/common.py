"""What the Python peers share: the data, the clock, and the JSON they print."""

import argparse
import gzip
import json
import os
import resource
import statistics
import time

import numpy as np

BATCH = 128
UNITS = (128, 128, 10)


def arguments():
    """Return the command line every peer understands."""
    p = argparse.ArgumentParser()
    p.add_argument("--data", required=True, help="directory of the four MNIST files (.gz)")
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--epochs", type=int, default=6, help="epochs, the first one a warm-up")
    p.add_argument("--budget", type=float, default=60, help="seconds for the epochs after the warm-up")
    p.add_argument("--variant", default="", help="which of the peer's configurations to run")
    return p.parse_args()


def _idx(path):
    """Read one gzipped IDX file of bytes."""
    with gzip.open(path) as f:
        raw = f.read()
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", rank, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(directory):
    """Return (x, y, x_test, y_test): images [n 28 28] in 0..1, labels one-hot [n 10], float32."""
    out = []
    for part in ("train", "t10k"):
        x = _idx(os.path.join(directory, part + "-images-idx3-ubyte.gz"))
        y = _idx(os.path.join(directory, part + "-labels-idx1-ubyte.gz"))
        out += [x.astype(np.float32) / 255, np.eye(10, dtype=np.float32)[y]]
    return out


def cpu_seconds():
    """Return the processor time this process has used, all threads together."""
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


class Clock:
    """Times epochs: seconds on the wall, and the mean number of cores in use."""

    def __init__(self, epochs, budget):
        self.epochs, self.budget = epochs, budget
        self.seconds, self.cores = [], []

    def start(self):
        self._cpu, self._wall = cpu_seconds(), time.perf_counter()

    def stop(self):
        wall = time.perf_counter() - self._wall
        self.seconds.append(wall)
        self.cores.append((cpu_seconds() - self._cpu) / wall)

    def more(self):
        """Report whether another epoch fits the epochs and the seconds asked for.

        The budget is for the epochs after the warm-up: that one may compile for long.
        """
        n = len(self.seconds)
        if n < 2:
            return n < self.epochs and sum(self.seconds) < 2 * self.budget
        return n < self.epochs and sum(self.seconds[1:]) + self.seconds[-1] < self.budget

    def report(self, framework, version, threads, loss, accuracy, notes=""):
        """Print the peer's result as one JSON object."""
        print(json.dumps({
            "framework": framework,
            "version": version,
            "threads": threads,
            "epoch_seconds": self.seconds,
            "cores_used": statistics.median(self.cores[1:] or self.cores),
            "loss": float(loss),
            "accuracy": float(accuracy),
            "notes": notes,
        }))

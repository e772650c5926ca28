#!/usr/bin/env python3
"""Assembles the JSON files that bench/run leaves into one Markdown report on standard output.

Files in --results, all optional except peers.tsv:

    peers.tsv           name and description of every peer asked for, in order
    NAME-THREADS.json   a peer's training; glia's own has its own form
    NAME-THREADS-again.json   the same in a second round
    glia-bench.json     glia's matrix products, step and prediction times
    gemm-openblas-N.json  one OpenBLAS library under one choice of kernels
    *.skipped           why something has no result
    several-runs        exists if the results are not all of one run
"""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

# What could not be had when the list of peers was drawn up.
ABSENT = {
    "tensai": "a Go framework, plain and with `GOEXPERIMENT=simd` (github.com/mattn/tensai): neither its one release, "
    "v0.0.1, nor its newest commit could be downloaded as a module, so no version can be pinned.",
}


def load(path):
    """Return the JSON in path, or None where there is none."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def output(*command, cwd=None):
    """Return the first line a command prints, or '' where it cannot be run."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else ""


def table(head, rows, left=1):
    """Return a Markdown table whose first `left` columns are aligned left, the others right."""
    rule = [":--"] * left + ["--:"] * (len(head) - left)
    return "\n".join("| " + " | ".join(map(str, r)) + " |" for r in [head, rule, *rows]) + "\n"


def show(x, digits=3):
    """Format a number, or a dash where there is none."""
    return "–" if x is None else f"{x:.{digits}f}"


def ratio(a, b):
    """Return a/b, or None where either is missing."""
    return a / b if a and b else None


class Training:
    """One peer's training at one thread count."""

    def __init__(self, name, what, raw, again=None):
        self.name, self.what = name, what
        epochs = self.epoch_seconds(raw)
        if name == "glia":
            self.version, self.cores, self.notes = raw.get("isa", ""), None, ""
            self.loss = raw["test"]["loss"]
            self.accuracy = next((v for k, v in raw["test"]["metrics"].items() if "accuracy" in k.lower()), None)
        else:
            self.version, self.cores, self.notes = raw["version"], raw.get("cores_used"), raw.get("notes", "")
            self.loss, self.accuracy = raw["loss"], raw["accuracy"]
        self.warm = len(epochs) > 1
        self.epochs = epochs[1:] or epochs
        self.rounds = [statistics.median(self.epochs)]
        if again:
            second = self.epoch_seconds(again)[1:]
            self.rounds.append(statistics.median(second))
            self.epochs = self.epochs + second
        self.seconds = statistics.median(self.epochs)

    @staticmethod
    def epoch_seconds(raw):
        """Return the seconds of all epochs from a peer's JSON or glia's."""
        return raw["epoch_seconds"] if "epoch_seconds" in raw else [e["seconds"] for e in raw["epochs"]]

    def row(self, glia):
        return [
            self.what if self.name != "glia" else "**glia**",
            self.version,
            f"**{show(self.seconds)}**",
            f"{show(min(self.epochs))} … {show(max(self.epochs))}",
            f"{len(self.epochs)}" + ("" if self.warm else ", cold"),
            show(ratio(self.seconds, glia and glia.seconds), 2),
            show(self.cores, 2),
            show(self.loss, 4),
            "–" if self.accuracy is None else f"{100 * self.accuracy:.2f} %",
        ]


def machine(root):
    """Return the lines that say where and when."""
    cpu = "unknown CPU"
    try:
        cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
        fields = dict(re.findall(r"^(model name|cpu family|model|flags)\s*:\s*(.*)$", cpuinfo, re.M))
        flags = fields["flags"].split()
        simd = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "SSE"
        cpu = f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']}), {simd}"
    except (OSError, KeyError):
        pass
    commit = output("git", "describe", "--always", "--dirty", cwd=root)
    lines = [
        f"- {time.strftime('%Y-%m-%d', time.gmtime())}, glia at {commit or 'an unknown commit'}",
        f"- {cpu}; {os.cpu_count()} cores",
        f"- {platform.system()} {platform.release()}, {output('go', 'version').removeprefix('go version ')}, "
        f"Python {platform.python_version()}",
    ]
    return "\n".join(lines) + "\n"


def training(results, peers, threads):
    """Return the section with one table per thread count, and the notes the peers gave."""
    parts, notes = [], {}
    for n in threads:
        runs = []
        for name, what in peers:
            raw = load(results / f"{name}-{n}.json")
            if raw:
                runs.append(Training(name, what, raw, load(results / f"{name}-{n}-again.json")))
        if not runs:
            continue
        glia = next((r for r in runs if r.name == "glia"), None)
        notes |= {r.what: r.notes for r in runs if r.notes}
        parts.append(f"### {n} thread{'s' if n != 1 else ''}\n")
        head = ["", "version", "s / epoch", "min … max", "epochs", "× glia", "cores", "test loss", "accuracy"]
        parts.append(table(head, [r.row(glia) for r in sorted(runs, key=lambda r: r.seconds)], left=2))
        twice = [f"{r.name} {r.rounds[0]:.3f}, {r.rounds[1]:.3f}" for r in runs if len(r.rounds) == 2]
        if twice:
            parts.append("Medians of the first and the second round: " + "; ".join(twice) + ".\n")
    if not parts:
        return ""
    intro = (
        "## Training: a multilayer perceptron on MNIST\n\n"
        "60,000 images, scaled to 0..1, one-hot labels; Flatten, Dense(128, relu), Dense(128, relu), Dense(10, softmax); "
        "categorical cross-entropy; Adam (1e-3, 0.9, 0.999, 1e-7); batch 128, shuffled; float32. "
        "Seconds for one epoch, shuffling and gathering included: the median of the epochs after a warm-up epoch. "
        "“× glia” is the peer's time over glia's: above 1, glia is faster. “cores” is processor time over wall time. "
        "One thread runs on one core (`taskset`); thread counts are set through each framework's own knobs. "
        "The fast ones ran in two rounds, the second in reverse order, and count the epochs of both; "
        "a peer whose time ran out did fewer epochs, as the column says. "
        "Seeds and the details of initial values differ, so losses and accuracies agree only roughly.\n"
    )
    said = "".join(f"- {what}: {note}\n" for what, note in notes.items())
    return "\n".join([intro, *parts, said])


def best_openblas(results):
    """Return {(m, n, k, trans): (gflops_1, gflops_all)}, the best of all runs, and a line on each run."""
    best, lines = {}, []
    for path in sorted(results.glob("gemm-openblas-*.json")):
        raw = load(path)
        for g in raw["gemm"]:
            key = (g["m"], g["n"], g["k"], g["trans"])
            old = best.get(key, (0, 0))
            best[key] = max(old[0], g["gflops_1"]), max(old[1], g["gflops_all"])
        mean = statistics.geometric_mean(g["gflops_1"] for g in raw["gemm"])
        release = re.search(r"OpenBLAS (\S+)", raw["config"])
        lines.append(f"- OpenBLAS {release[1] if release else '?'}, kernels for {raw['core']}: "
                     f"geometric mean {mean:.0f} GFLOP/s on one thread\n")
    return best, "".join(lines)


def gemm(results):
    """Return the section on matrix products."""
    bench = load(results / "glia-bench.json") or {}
    ours = {(g["m"], g["n"], g["k"], g["trans"]): g for g in bench.get("gemm", [])}
    blas, lines = best_openblas(results)
    keys = list(blas) + [k for k in ours if k not in blas]
    if not keys:
        return ""
    rows, ratios = [], {"gflops_1": [], "gflops_all": []}
    for key in keys:
        m, n, k, trans = key
        row = [f"{m} × {n} × {k}", {"": "", "A": "A", "B": "B"}[trans]]
        for i, field in enumerate(("gflops_1", "gflops_all")):
            glia = ours.get(key, {}).get(field)
            peer = blas.get(key, (None, None))[i]
            r = ratio(glia, peer)
            if r:
                ratios[field].append(r)
            row += [show(glia, 1), show(peer, 1), show(r, 2)]
        row.insert(5, show(ours.get(key, {}).get("of_peak_1"), 2))
        rows.append(row)
    for field, at in (("gflops_1", 4), ("gflops_all", 8)):
        if ratios[field]:
            if not rows[-1][0].startswith("**"):
                rows.append(["**geometric mean**"] + [""] * 8)
            rows[-1][at] = f"**{statistics.geometric_mean(ratios[field]):.2f}**"
    head = ["m × n × k", "transposed", "glia, 1", "OpenBLAS, 1", "ratio", "of peak", "glia, all", "OpenBLAS, all", "ratio"]
    peak = ""
    if bench:
        peak = (f"Peak as glia measures it: {show(bench.get('peak_gflops_1'), 0)} GFLOP/s on one core, "
                f"{show(bench.get('peak_gflops_all'), 0)} on all.\n\n")
    return (
        "## Matrix products, float32\n\n"
        "GFLOP/s on one thread and on all cores; C [m n] = A [m k] · B [k n], row-major, with neither or one side stored "
        "transposed. “ratio” is glia over OpenBLAS: above 1, glia is faster. OpenBLAS's figure is, size by size, the best of these runs:\n\n"
        + lines + "\n" + peak + table(head, rows, left=2)
    )


def own(results):
    """Return glia's figures that have no peer beside them."""
    mlp = (load(results / "glia-bench.json") or {}).get("mlp")
    if not mlp:
        return ""
    rows = [
        ["an epoch in `glia bench`, one core, s", show(mlp.get("epoch_seconds_1"))],
        ["the same, all cores", show(mlp.get("epoch_seconds_all"))],
        ["share of that time its arithmetic needs at peak speed, one core", show(mlp.get("of_floor_1"), 2)],
        ["the same, all cores", show(mlp.get("of_floor_all"), 2)],
        ["allocations per warm training step", show(mlp.get("allocs_per_step"), 1)],
        ["building the training plan, ms", show(mlp.get("plan_ms"), 2)],
        ["predicting one image, median, µs", show(mlp.get("predict1_p50_us"), 1)],
        ["predicting one image, 99th percentile, µs", show(mlp.get("predict1_p99_us"), 1)],
    ]
    return "## glia on its own, the same network\n\n" + table(["", "glia"], rows)


def missing(results):
    """Return the section on what has no figures, and why."""
    lines = [f"- {path.stem}: {path.read_text().strip()}\n" for path in sorted(results.glob("*.skipped"))]
    lines += [f"- {name}: {why}\n" for name, why in ABSENT.items()]
    return "## Not measured\n\n" + "".join(lines)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--results", type=pathlib.Path, required=True)
    p.add_argument("--threads", default="1,2")
    p.add_argument("--root", type=pathlib.Path, required=True)
    args = p.parse_args()
    peers = [line.split("\t") for line in (args.results / "peers.tsv").read_text().splitlines()]
    threads = [int(n) for n in args.threads.split(",")]
    sections = [
        "# Benchmarks\n\nglia and its peers on one machine, "
        + ("in several runs" if (args.results / "several-runs").exists() else "in one run")
        + ". Written by `bench/run`; do not edit.\n",
        machine(args.root),
        training(args.results, peers, threads),
        gemm(args.results),
        own(args.results),
        missing(args.results),
        "## Again\n\n```sh\nGLIA_DATA=DIRECTORY bench/run    # DIRECTORY/mnist holds the four .gz files\n```\n\n"
        "The first run installs the peers; the measuring takes some ten minutes and wants an idle machine. "
        "[bench/README.md](bench/README.md) says how each peer is set up.\n",
    ]
    print("\n".join(s for s in sections if s), end="")


if __name__ == "__main__":
    main()

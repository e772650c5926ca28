"""Times steps of PyTorch's optimizers, as BenchmarkSweep of package optim does for glia's."""

import json
import sys
import time

import torch

STEPS, THREADS = int(sys.argv[1]), int(sys.argv[2])
N = 10_000_000

SGD, ADAM = torch.optim.SGD, torch.optim.Adam

# The settings are those of glia's benchmark; fused where PyTorch has it for the CPU.
OPTIMIZERS = {
    "SGD": (SGD, {}),
    "SGDDecay": (SGD, {"weight_decay": 0.01}),
    "SGDClipValue": (SGD, {}),
    "SGDGlobalClipNorm": (SGD, {}),
    "Momentum": (SGD, {"momentum": 0.9}),
    "Nesterov": (SGD, {"momentum": 0.9, "nesterov": True}),
    "RMSprop": (torch.optim.RMSprop, {}),
    "RMSpropCentered": (torch.optim.RMSprop, {"centered": True, "momentum": 0.9}),
    "Adam": (ADAM, {}),
    "AdamClipValue": (ADAM, {}),
    "AdamGlobalClipNorm": (ADAM, {}),
    "AdamW": (torch.optim.AdamW, {}),
    "AMSGrad": (ADAM, {"amsgrad": True}),
    "Adamax": (torch.optim.Adamax, {}),
    "Nadam": (torch.optim.NAdam, {}),
    "Adagrad": (torch.optim.Adagrad, {"initial_accumulator_value": 0.1}),
    "Adadelta": (torch.optim.Adadelta, {}),
    "Adafactor": (torch.optim.Adafactor, {}),
    "Muon": (torch.optim.Muon, {}),
}
MATRICES = ("Adafactor", "Muon")


def fastest(name, make, settings):
    """Return the least milliseconds of a step, those of the CPU, and the implementation."""
    shape = (2500, 2000) if name in MATRICES else (N // 2,)
    params = [torch.nn.Parameter(torch.zeros(shape)) for _ in range(2)]
    for p in params:
        p.grad = (torch.arange(N // 2) % 7 - 3).float().reshape(shape)
    for kind in ("fused", "foreach", "plain"):
        try:
            o = make(params, lr=0.1, **settings, **({} if kind == "plain" else {kind: True}))
            o.step()
            break
        except (TypeError, RuntimeError):
            continue

    def step():
        if name.endswith("ClipValue"):
            torch.nn.utils.clip_grad_value_(params, 1)
        elif name.endswith("ClipNorm"):
            torch.nn.utils.clip_grad_norm_(params, 1)
        o.step()

    wall = cpu = float("inf")
    for _ in range(1 if name == "Muon" else STEPS):
        start, before = time.perf_counter(), time.process_time()
        step()
        cpu = min(cpu, time.process_time() - before)
        wall = min(wall, time.perf_counter() - start)
    return 1e3 * wall, 1e3 * cpu, kind


torch.set_num_threads(THREADS)
print(json.dumps({"version": torch.__version__, **{name: fastest(name, *o) for name, o in OPTIMIZERS.items()}}))

"""Times steps of PyTorch's optimizers, as BenchmarkSweep of package optim does for glia's."""

import json
import sys
import time

import torch

STEPS = int(sys.argv[1])
N = 10_000_000

# The settings are those of glia's benchmark; fused where PyTorch has it for the CPU.
OPTIMIZERS = {
    "SGD": (torch.optim.SGD, {}),
    "Momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "RMSprop": (torch.optim.RMSprop, {}),
    "Adam": (torch.optim.Adam, {}),
    "AMSGrad": (torch.optim.Adam, {"amsgrad": True}),
    "Adamax": (torch.optim.Adamax, {}),
    "Nadam": (torch.optim.NAdam, {}),
    "Adagrad": (torch.optim.Adagrad, {"initial_accumulator_value": 0.1}),
    "Adadelta": (torch.optim.Adadelta, {}),
}


def fastest(make, settings):
    """Return the milliseconds of the fastest step and the implementation."""
    params = [torch.nn.Parameter(torch.zeros(N // 2)) for _ in range(2)]
    for p in params:
        p.grad = (torch.arange(N // 2) % 7 - 3).float()
    for kind in ("fused", "foreach"):
        try:
            o = make(params, lr=0.1, **settings, **{kind: True})
            o.step()
            break
        except (TypeError, RuntimeError):
            continue
    best = float("inf")
    for _ in range(STEPS):
        start = time.perf_counter()
        o.step()
        best = min(best, time.perf_counter() - start)
    return 1e3 * best, kind


print(json.dumps({"version": torch.__version__, **{name: fastest(*o) for name, o in OPTIMIZERS.items()}}))

"""What the scripts beside share: cases that Keras computes on NumPy, from random numbers
that are the same in every run, and the file that they are written to.

    python -m venv venv && venv/bin/pip install keras==3.15.1 numpy==2.4.6 scipy==1.16.3 jax==0.10.2
    venv/bin/python basics.py > basics.json
"""
import json
import os

os.environ.setdefault("KERAS_BACKEND", "numpy")
import keras
import numpy as np


class Cases(list):
    """A list of cases, and what draws their arguments."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        keras.utils.set_random_seed(seed)  # of the weights of layers

    def f32(self, *shape):
        return self.rng.normal(size=shape).astype(np.float32)

    def probabilities(self, *shape):
        p = self.rng.uniform(0.01, 1, size=shape).astype(np.float32)
        return p / p.sum(-1, keepdims=True)

    def add(self, kind, api, id, results, tol=(1e-5, 1e-6), config=None, **more):
        c = {"kind": kind, "api": "keras." + api, "id": id}
        if config is not None:
            c["config"] = {"class_name": api.split(".")[-1], "config": config}
        c.update(more)
        c["expected_all"] = [pack(r) for r in results]
        c["rtol"], c["atol"] = tol
        self.append(c)

    def write(self, script):
        head = {"about": f"Computed by {script} beside this file", "keras_version": keras.__version__, "backend": keras.backend.backend()}
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in self)
        print(json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}")


def pack(x):
    x = np.asarray(x)
    if x.dtype == np.float64:
        x = x.astype(np.float32)
    data = [float(str(v)) if x.dtype == np.float32 else v.item() for v in x.ravel()]
    return {"dtype": str(x.dtype), "shape": list(x.shape), "data": data}

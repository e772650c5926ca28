"""Writes names.json: Keras's public vocabulary of models, by module. A name comes with the
other names that Keras has for the same class, and with the function of that name. Made with Keras 3.15.1:

    KERAS_BACKEND=jax python names.py > names.json
"""
import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

MODULES = ["activations", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers", "optimizers.schedules",
           "callbacks", "layers"]
PLUMBING = {"get", "serialize", "deserialize"}


def names(module):
    of = {}
    for name in dir(module):
        x = getattr(module, name)
        if not name.startswith("_") and name not in PLUMBING and (inspect.isclass(x) or inspect.isfunction(x)):
            of.setdefault(id(x), [x.__name__]).append(name)
    rows = {}
    for first, *rest in of.values():
        name = first if first in rest else rest[0]
        fold = name.replace("_", "").lower()
        rows.setdefault(fold, []).extend([name] + [n for n in rest if n != name])
    for all in rows.values():
        all.sort(key=lambda n: n[0].islower())  # a class before the function of its name
    return [{"name": first, "also": rest} for _, (first, *rest) in sorted(rows.items())]


def module(path):
    m = keras
    for part in path.split("."):
        m = getattr(m, part)
    return m


kinds = [{"module": "keras." + m, "names": names(module(m))} for m in MODULES]
lines = []
for k in kinds:
    rows = ",\n  ".join(json.dumps(r) for r in k["names"])
    lines.append(f'{{"module": "{k["module"]}", "names": [\n  {rows}]}}')
print(f'{{"keras": "{keras.__version__}", "modules": [\n' + ",\n".join(lines) + "\n]}")

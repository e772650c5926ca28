"""Writes callbacks.json: what Keras's callbacks decide on sequences of numbers.

    KERAS_BACKEND=jax python callbacks.py > callbacks.json

Made with Keras 3.15.1, JAX backend. The numbers are multiples of 1/64, which
float32 holds exactly, so that no decision hangs on rounding.
"""

import json
import os
import random
import sys
import tempfile
import types

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # noqa: E402
from keras import callbacks  # noqa: E402


class Model:
    """What the callbacks want of a model."""

    def __init__(self, lr):
        self.stop_training = False
        self.optimizer = types.SimpleNamespace(learning_rate=lr)
        self.epoch = 0
        self.restored = None

    def get_weights(self):
        return self.epoch

    def set_weights(self, w):
        self.restored = w


def sequence(r, n):
    v, out = r.randrange(64, 192), []
    for _ in range(n):
        v += r.choice([-12, -4, -2, -1, 0, 0, 1, 2, 5])
        out.append(v / 64)
    return out


def train(cb, model, values, name):
    cb.set_model(model)
    cb.on_train_begin()
    rates = []
    for e, v in enumerate(values):
        model.epoch = e + 1
        cb.on_epoch_begin(e)
        cb.on_epoch_end(e, {name: v})
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    cb.on_train_end()
    return rates


def early(r):
    o = {"mode": r.choice(["min", "max"]), "patience": r.randrange(4), "min_delta": r.choice([0, 0, 1 / 64, 4 / 64]),
         "start_from_epoch": r.choice([0, 0, 2]), "restore_best_weights": r.random() < 0.7}
    if r.random() < 0.4:
        o["baseline"] = r.randrange(40, 190) / 64
    values, m = sequence(r, 14), Model(1.0)
    train(callbacks.EarlyStopping("val_loss", **o), m, values, "val_loss")
    return {"options": o, "values": values, "epochs": m.epoch, "restored": m.restored}


def plateau(r):
    o = {"mode": r.choice(["min", "max"]), "patience": r.randrange(4), "min_delta": r.choice([0, 1 / 64, 4 / 64]),
         "cooldown": r.choice([0, 0, 1, 2]), "min_lr": r.choice([0, 0.125]), "factor": r.choice([0.5, 0.25])}
    values, m = sequence(r, 14), Model(1.0)
    rates = train(callbacks.ReduceLROnPlateau("val_loss", **o), m, values, "val_loss")
    return {"options": o, "values": values, "rates": rates}


def csv(separator, append, validation):
    path = os.path.join(tempfile.mkdtemp(), "log.csv")
    for first in (0, 3) if append else (0,):
        c = callbacks.CSVLogger(path, separator=separator, append=append)
        c.set_model(None)
        c.on_train_begin()
        for e in range(first, first + 3):
            logs = {"loss": 1.5 / (e + 1), "accuracy": 0.25 * (e % 3)}
            if validation:
                logs |= {"val_loss": 0.1 + e, "val_accuracy": float("nan") if e == 1 else 1e-9}
            c.on_epoch_end(e, logs)
        c.on_train_end()
    with open(path, newline="") as f:
        return {"separator": separator, "append": append, "validation": validation, "text": f.read()}


def main():
    r = random.Random(4)
    out = {"keras": keras.__version__, "early_stopping": [early(r) for _ in range(80)],
           "reduce_lr_on_plateau": [plateau(r) for _ in range(80)],
           "csv_logger": [csv(",", False, True), csv(";", True, True), csv(",", False, False)]}
    json.dump(out, sys.stdout, separators=(",", ":"))
    print()


main()

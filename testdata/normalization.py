"""Writes normalization.json: twenty steps of small networks with the layers that normalize,
and what they predict afterwards. Made with Keras 3.15.1 on JAX:

    KERAS_BACKEND=jax python normalization.py normalization.json

Keras on JAX forgets in fit that SpectralNormalization divided a kernel. Its steps are made of
Keras's calls in training, which do not, and of the gradient by the divided kernel, as Keras
on TensorFlow and PyTorch takes it.
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import layers, optimizers

STEPS, BATCH = 20, 16
rng = np.random.default_rng(12)
x = (rng.normal(size=(4 * BATCH, 6)) * [1, 2, 0.5, 1, 3, 1] + [0, 1, -2, 0, 5, 0]).astype("float32")
y = np.eye(3, dtype="float32")[(x[:, 0] + x[:, 1] * x[:, 3] > 0).astype(int) + (x[:, 2] > -2)]

# What stands between a Dense(8) and a Dense(3).
NETWORKS = {
    "batch": lambda: [layers.BatchNormalization(momentum=0.9), layers.ReLU()],
    "batch of another axis": lambda: [layers.Reshape((2, 4)), layers.BatchNormalization(axis=1, momentum=0.9, beta_regularizer="l2"), layers.ReLU(), layers.Flatten()],
    "batch of masked steps": lambda: [layers.ReLU(), layers.Reshape((4, 2)), layers.Masking(), layers.BatchNormalization(momentum=0.9), layers.Flatten()],
    "batch with renorm": lambda: [layers.BatchNormalization(
        momentum=0.9, renorm=True, renorm_momentum=0.8, renorm_clipping={"rmin": 0.5, "rmax": 2.0, "dmax": 1.0}), layers.ReLU()],
    "layer": lambda: [layers.LayerNormalization(), layers.ReLU()],
    "group": lambda: [layers.Reshape((2, 4)), layers.GroupNormalization(2), layers.ReLU(), layers.Flatten()],
    "RMS": lambda: [layers.RMSNormalization(), layers.ReLU()],
    "unit": lambda: [layers.UnitNormalization(), layers.ReLU()],
}


def flat(tensors):
    return [[float(v) for v in np.asarray(t).ravel()] for t in tensors]


def weights(m):
    return flat(w for l in m.layers for w in l.weights)


def batch(step):
    at = step % 4 * BATCH
    return x[at:at + BATCH], y[at:at + BATCH]


def trained(inside):
    m = keras.Sequential([keras.Input((6,)), layers.Dense(8), *inside, layers.Dense(3, activation="softmax")])
    m.compile(optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    case = {"before": weights(m), "losses": []}
    for step in range(STEPS):
        m.reset_metrics()
        case["losses"].append(float(m.train_on_batch(*batch(step))))
    return {**case, "after": weights(m), "predictions": flat([m.predict(x, verbose=0)])[0]}


def spectral():
    l = layers.SpectralNormalization(layers.Dense(3), power_iterations=2)
    l.build((None, 6))
    case = {"before": flat(l.weights), "losses": []}
    for step in range(STEPS):
        bx, by = batch(step)
        far = np.asarray(l(bx, training=True)) - by
        case["losses"].append(float(np.mean(far**2)))
        slope = 2 * far / far.size
        l.layer.kernel.assign(l.layer.kernel - 0.1 * bx.T @ slope)
        l.layer.bias.assign(l.layer.bias - 0.1 * slope.sum(0))
    return {**case, "after": flat(l.weights), "predictions": flat([l(x)])[0]}


keras.utils.set_random_seed(12)
cases = {name: trained(inside()) for name, inside in NETWORKS.items()}
cases["spectral"] = spectral()
with open(sys.argv[1], "w") as f:
    rows = [f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items()]
    f.write('{"x": %s,\n"y": %s,\n"cases": {\n%s\n}}\n' % (json.dumps(flat([x])[0]), json.dumps(flat([y])[0]), ",\n".join(rows)))

"""Writes keras2.zip: models as Keras 2 saves them, with what they compute. A folder a
model, in it

    model.h5, model.keras   the whole model
    weights.h5              of two, the weights alone, by names
    model.weights.h5        the same in the form of .keras files
    io.npz                  x and y; out, what it predicts of x; eval, its loss and metrics;
                            next_0, next_1, ..., its weights after one more step on x and y

Made with Keras 2.15.0 on TensorFlow 2.15.1:

    python keras2.py keras2.zip
"""

import io
import json
import os
import sys
import tempfile
import warnings
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.simplefilter("ignore")

import h5py
import keras
import numpy as np
from keras import layers, losses, metrics, optimizers, regularizers

old = optimizers.legacy
schedules = optimizers.schedules


def plain(last="softmax"):
    """Has no InputLayer: its first layer knows the shape."""
    return keras.Sequential([
        layers.Dense(5, activation="relu", input_shape=(4,), kernel_regularizer=regularizers.l2(0.01)),
        layers.Dropout(0.0),
        layers.Dense(4, activation="tanh", trainable=False),
        layers.Dense(3, activation=last),
    ])


def declared():
    """Has an InputLayer, names of its own, and layers in a model in it."""
    return keras.Sequential([
        layers.InputLayer((2, 2), name="pixels"),
        layers.Flatten(),
        layers.Rescaling(0.5, offset=0.25),
        keras.Sequential([layers.Dense(4, activation=keras.activations.elu, name="first"), layers.LeakyReLU(0.25)], name="block"),
        layers.Dense(3, activation="softmax", use_bias=False, name="head"),
    ], name="mine")


CASES = {
    "old adam": (plain, old.Adam(0.01), "categorical_crossentropy", ["accuracy"]),
    "old adam amsgrad": (declared, old.Adam(0.01, amsgrad=True), losses.CategoricalCrossentropy(label_smoothing=0.125),
                         [metrics.CategoricalAccuracy(name="mine")]),
    "old adam decay": (declared, old.Adam(0.01, decay=0.5), "mse", None),
    "old sgd": (declared, old.SGD(0.1), losses.MeanSquaredError(), ["mae", "mse"]),
    "old sgd nesterov": (plain, old.SGD(schedules.ExponentialDecay(0.5, 2, 0.5), momentum=0.5, nesterov=True), "mse", None),
    "old rmsprop": (plain, old.RMSprop(0.01, momentum=0.5), "categorical_crossentropy", ["acc"]),
    "old rmsprop centered": (declared, old.RMSprop(0.01, momentum=0.5, centered=True), "mae", [metrics.MeanSquaredError()]),
    "adam": (declared, optimizers.Adam(0.01), "categorical_crossentropy", ["accuracy", metrics.TopKCategoricalAccuracy(k=2)]),
    "adam amsgrad": (plain, optimizers.Adam(0.01, amsgrad=True, clipnorm=0.5), losses.CategoricalCrossentropy(), None),
    "adamw": (plain, optimizers.AdamW(schedules.CosineDecay(0.01, 10), weight_decay=0.25), "mse", None),
    "sgd": (lambda: plain("sigmoid"), optimizers.SGD(0.1), "binary_crossentropy", ["binary_accuracy"]),
    "sgd nesterov": (declared, optimizers.SGD(0.1, momentum=0.5, nesterov=True), losses.MeanAbsoluteError(), ["accuracy"]),
    "rmsprop": (lambda: plain("sigmoid"), optimizers.RMSprop(0.01), losses.BinaryCrossentropy(), ["accuracy"]),
    "rmsprop centered": (declared, optimizers.RMSprop(0.01, momentum=0.5, centered=True), "mse", ["accuracy", "Precision"]),
    "not compiled": (declared, None, None, None),
}


def write(z, name, model, optimizer, loss, wanted, r):
    keras.utils.set_random_seed(7)
    keras.backend.clear_session()
    m = model()
    x = r.normal(size=(8,) + m.input_shape[1:]).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[r.integers(0, 3, 8)]
    if optimizer:
        m.compile(optimizer, loss, metrics=wanted)
        for _ in range(3):
            m.train_on_batch(x, y)
    arrays = {"x": x, "y": y, "out": m(x).numpy()}
    with tempfile.TemporaryDirectory() as d:
        save = lambda f, to: (f(os.path.join(d, to)), z.write(os.path.join(d, to), f"{name}/{to}"))
        save(m.save, "model.h5")
        save(m.save, "model.keras")
        if name in ("not compiled", "adam amsgrad"):
            save(m.save_weights, "weights.h5")
            save(m.save_weights, "model.weights.h5")
    if name == "old sgd":
        z.writestr("bare list/model.h5", bare(m))
    if optimizer:
        arrays["eval"] = np.array(m.evaluate(x, y, batch_size=8, verbose=0), ndmin=1)
        m.train_on_batch(x, y)
        for i, w in enumerate(layer_weights(m)):
            arrays[f"next_{i}"] = w.numpy()
    write_arrays(z, name, arrays)
    if name == "old sgd":
        write_arrays(z, "bare list", arrays)


def write_arrays(z, name, arrays):
    b = io.BytesIO()
    np.savez_compressed(b, **arrays)
    z.writestr(f"{name}/io.npz", b.getvalue())


def bare(m):
    """Returns the form before Keras 2.2.3, by hand: the layers are a bare list, without
    an InputLayer, nothing names a module or a dtype, and no version is told."""
    with h5py.File(b := io.BytesIO(), "w") as f:
        config = [layer_config(l) for l in m.layers]
        config[0]["config"]["batch_input_shape"] = [None, 2, 2]
        f.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config}).encode()
        f.attrs["training_config"] = json.dumps({
            "optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1, "momentum": 0.0, "decay": 0.0, "nesterov": False}},
            "loss": "mean_squared_error", "metrics": ["mae", "mse"], "sample_weight_mode": None, "loss_weights": None}).encode()
        groups = f.create_group("model_weights")
        groups.attrs["layer_names"] = [l.name.encode() for l in m.layers]
        for l in m.layers:
            save_named(groups.create_group(l.name), {w.name: w.numpy() for w in l.weights})
        n = {"SGD/iterations:0": np.int64(3)}
        save_named(f.create_group("optimizer_weights"), n)
    return b.getvalue()


def layer_config(l):
    c = l.get_config()
    c = {k: v for k, v in c.items() if k in ("name", "units", "activation", "use_bias", "scale", "offset", "alpha")}
    if isinstance(l, keras.Sequential):
        c = [layer_config(x) for x in l.layers]
    return {"class_name": type(l).__name__, "config": c}


def save_named(g, values):
    g.attrs["weight_names"] = [n.encode() for n in values]
    for n, v in values.items():
        g[n] = v


def layer_weights(m):
    """The weights layer by layer, whether trained or not."""
    for l in m.layers:
        if isinstance(l, keras.Sequential):
            yield from layer_weights(l)
        else:
            yield from l.weights


with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    for i, (name, case) in enumerate(CASES.items()):
        write(z, name, *case, np.random.default_rng(i))

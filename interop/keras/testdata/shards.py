"""Writes and checks sharded weights with Keras 3.15.1.

shards.py golden DIR          small.weights.json and its shards, and their values in want.npz
shards.py write DIR           the same for larger models, with an optimizer's state
shards.py check DIR           loads DIR/*.weights.json that glia wrote, compares with *.npz
"""
import glob
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

GB = 1024**3


def small():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="a"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, name="b"),
        ],
        name="small",
    )


def nested():
    inner = keras.Sequential([keras.layers.Dense(7, name="c"), keras.layers.Dense(5, name="d")], name="inner")
    x = keras.Input((6,), name="x")
    return keras.Model(x, keras.layers.Dense(2, name="head")(inner(keras.layers.Dense(4, name="first")(x))), name="nested")


def numbered(model):
    """Gives every variable other values, without a random generator."""
    at = 0
    for v in model.weights:
        n = int(np.prod(v.shape))
        v.assign(((np.arange(at, at + n) % 97) / 8 - 6).reshape(v.shape).astype("float32"))
        at += n


def arrays(model):
    all = {f"w{i}": np.array(v) for i, v in enumerate(model.weights)}
    if getattr(model, "optimizer", None) is not None:
        all |= {f"o{i}": np.array(v) for i, v in enumerate(model.optimizer.variables)}
    return all


def main(mode, dir):
    if mode == "golden":
        m = small()
        numbered(m)
        m.save_weights(os.path.join(dir, "small.weights.json"), max_shard_size=50 / GB)
        np.savez(os.path.join(dir, "want.npz"), **arrays(m))
        return
    if mode == "write":
        for name, make, most in (("small", small, 400), ("nested", nested, 200)):
            m = make()
            m.compile("adam", "mse")
            n_in, n_out = m.input_shape[-1], m.output_shape[-1]
            rng = np.random.default_rng(3)
            m.fit(rng.normal(size=(8, n_in)), rng.normal(size=(8, n_out)), verbose=0)
            folder = os.path.join(dir, name)
            os.makedirs(folder)
            m.save(os.path.join(folder, "m.keras"))
            m.save_weights(os.path.join(folder, "m.weights.json"), max_shard_size=most / GB)
            np.savez(os.path.join(folder, "want.npz"), **arrays(m))
        return
    bad = 0
    for index in sorted(glob.glob(os.path.join(dir, "*", "m.weights.json"))):
        folder = os.path.dirname(index)
        m = keras.models.load_model(os.path.join(folder, "m.keras"))
        numbered(m)
        for v in m.optimizer.variables:
            v.assign(v * 0)
        m.load_weights(index)
        want = np.load(os.path.join(folder, "want.npz"))
        got = arrays(m)
        for key in want.files:
            if not np.array_equal(want[key], got[key]):
                print(f"{index}: {key} differs", file=sys.stderr)
                bad = 1
    sys.exit(bad)


main(*sys.argv[1:])

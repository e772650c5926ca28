"""Writes and checks models of 16 bits with Keras 3.15.1.

bfloat16.py golden DIR    DIR/keras.h5, which Keras cannot load itself, and its values in want.npz
bfloat16.py check DIR     loads all files in DIR: prints each layer's dtype and the sum of its values
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")  # without it float64 is float32
import keras
import numpy as np


def main(mode, dir):
    if mode == "golden":
        m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, dtype="bfloat16", name="a"), keras.layers.Dense(2, dtype="float16", name="b")])
        for i, v in enumerate(m.weights):
            n = int(np.prod(v.shape))
            v.assign((np.arange(n) / 8 - i).reshape(v.shape))
        m.save(os.path.join(dir, "keras.h5"))
        np.savez(os.path.join(dir, "want.npz"), **{f"w{i}": np.array(v).astype("float32") for i, v in enumerate(m.weights)})
        return
    said = {}
    for name in sorted(os.listdir(dir)):
        if "_0000" in name:  # a shard
            continue
        try:
            if ".weights." in name:
                m = keras.models.load_model(os.path.join(dir, name.split(".")[0] + ".keras"))
                for v in m.weights:
                    v.assign(v * 0)
                m.load_weights(os.path.join(dir, name))
            else:
                m = keras.models.load_model(os.path.join(dir, name))
            said[name] = [f"{v.dtype} {float(np.array(v).astype('float64').sum())}" for v in m.weights]
        except Exception as e:
            said[name] = [f"{type(e).__name__}: {e}"[:500]]
    with open(os.path.join(dir, "said.json"), "w") as out:
        json.dump(said, out)


main(*sys.argv[1:])

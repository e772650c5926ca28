"""Reads [{name, object, y, p}] from a file: compiled models whose outputs are their inputs,
labels and inputs. Writes [{name, value, why}] to another: what Keras measures with the one
metric of the model, or why it does not. Made for Keras 3.15.1 on JAX:

    KERAS_BACKEND=jax python lossmetrics.py in.json out.json
"""
import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np


def measure(row):
    model = keras.saving.deserialize_keras_object(row["object"])
    model = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))
    p, y = np.array(row["p"], "float32"), np.array(row["y"])
    if y.dtype != int:
        y = y.astype("float32")
    got = model.evaluate(p, y, batch_size=len(p), verbose=0, return_dict=True)
    del got["loss"]
    (value,) = got.values()
    return value


said = []
for row in json.load(open(sys.argv[1])):
    try:
        said.append({"name": row["name"], "value": measure(row)})
    except Exception as e:
        said.append({"name": row["name"], "why": f"{type(e).__name__}: {e}"})
json.dump(said, open(sys.argv[2], "w"))

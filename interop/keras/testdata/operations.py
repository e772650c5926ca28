"""Writes operations.keras, a functional model of arithmetic on its inputs, and
operations.json, inputs and what Keras 3.15.1 (JAX) makes of them:

    KERAS_BACKEND=jax python operations.py
"""

import json
import pathlib

import keras
import numpy as np
from keras import layers, ops

here = pathlib.Path(__file__).parent
keras.utils.set_random_seed(1)
x = keras.Input((4, 3), name="x")
y = keras.Input((4, 3), name="y")
n = keras.Input((4, 3), dtype="int32", name="n")
h = layers.Dense(3, name="dense")(x)
made = {
    "x+1": x + 1,
    "1-x": 1 - x,
    "x*2.5": x * 2.5,
    "x-y": x - y,
    "x/y": x / y,
    "2/y": 2 / y,
    "x//0.5": x // 0.5,
    "x%y": x % y,
    "x**2": x**2,
    "2**x": 2**x,
    "-x": -x,
    "abs(x)": abs(x),
    "x+array": x + np.array([1.0, 2.0, 3.0], "float32"),
    "array*x": ops.multiply(np.array([[1.0], [2.0], [3.0], [4.0]], "float32"), x),
    "n+1": n + 1,
    "n+1.5": n + 1.5,
    "n/2": n / 2,
    "n//2": n // 2,
    "n%3": n % 3,
    "n*x": n * x,
    "x>y": ops.cast(x > y, "float32"),
    "x<=0": ops.cast(x <= 0, "int32"),
    "x==x": ops.cast(ops.equal(x, x), "float32"),
    "x[:,1:]": x[:, 1:],
    "x[:,0]": x[:, 0],
    "x[:,-1,:]": x[:, -1, :],
    "x[:,::2]": x[:, ::2],
    "x[:,::-1]": x[:, ::-1],
    "x[:,1:3,0]": x[:, 1:3, 0],
    "x[:,-3:-1]": x[:, -3:-1],
    "x[...,None]": x[..., None],
    "x[...,1]": x[..., 1],
    "x[:,None,2:]": x[:, None, 2:],
    "x@dense": x @ h[:, :3],
    "maximum": ops.maximum(x, 0.0),
    "exp": ops.exp(x),
    "log": ops.log(y),
    "sqrt": ops.sqrt(y),
    "square": ops.square(n),
    "tanh": ops.tanh(x),
    "relu": ops.relu(x),
    "sigmoid": ops.sigmoid(h) * 2 + y,
}
model = keras.Model([x, y, n], list(made.values()), name="operations")
model.save(here / "operations.keras")

r = np.random.default_rng(1)
data = [r.standard_normal((2, 4, 3)).astype("float32"), r.uniform(0.5, 2, (2, 4, 3)).astype("float32"), r.integers(-5, 6, (2, 4, 3)).astype("int32")]
out = [np.asarray(v) for v in model(data)]
flat = lambda a: {"dtype": str(a.dtype), "shape": list(a.shape), "values": [float(v) for v in a.ravel()]}
with open(here / "operations.json", "w") as f:
    json.dump({"inputs": [flat(a) for a in data], "outputs": [{"name": k, **flat(v)} for k, v in zip(made, out)]}, f)

"""Writes dicts.keras, a functional model whose inputs and outputs are dicts, and prints
what Keras 3.15.1 (JAX) makes of ones:

    KERAS_BACKEND=jax python dicts.py
"""

import pathlib

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(1)
zeta = keras.Input((2,), name="zeta")
alpha = keras.Input((3,), name="alpha")
h = layers.Concatenate(name="cat")([zeta, alpha])
size = layers.Dense(1, name="size")(h)
kind = layers.Dense(2, activation="softmax", name="kind")(h)
m = keras.Model({"zeta": zeta, "alpha": alpha}, {"size": size, "kind": kind})
m.compile(
    "sgd",
    loss={"size": "mse", "kind": "categorical_crossentropy"},
    metrics={"kind": ["accuracy"]},
    loss_weights={"size": 0.5, "kind": 1.0},
)
x = {"zeta": np.ones((4, 2), "float32"), "alpha": np.ones((4, 3), "float32")}
y = {"size": np.ones((4, 1)), "kind": np.eye(2)[[0, 1, 0, 1]]}
m.fit(x, y, verbose=0)
m.save(pathlib.Path(__file__).parent / "dicts.keras")
print({k: v[0].tolist() for k, v in m.predict(x, verbose=0).items()})
print(m.evaluate(x, y, verbose=0, return_dict=True))

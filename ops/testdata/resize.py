"""Writes resize.json: what keras.ops.image.resize of Keras 3.15.1 on JAX makes of an image.

KERAS_BACKEND=jax python resize.py > resize.json
"""

import json

import numpy as np
from keras import ops

x = np.array([[[(7 * i * i + 13 * j + 5 * i * j + 11 * c) % 32 for c in range(2)] for j in range(7)] for i in range(5)], "float32")[None]
cases = []
for size in [(3, 4), (9, 11), (5, 3), (1, 20), (13, 7)]:
    for by in ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]:
        for antialias in [False, True]:
            if by == "nearest" and antialias:
                continue
            for fit in ["", "crop", "pad"]:
                if fit and (by != "bilinear" or antialias):
                    continue
                y = ops.image.resize(x, size, by, antialias=antialias, crop_to_aspect_ratio=fit == "crop", pad_to_aspect_ratio=fit == "pad", fill_value=3.0)
                cases.append({"size": size, "by": by, "antialias": antialias, "fit": fit, "y": np.round(np.asarray(y).ravel().astype("float64"), 5).tolist()})
print(json.dumps({"x": x.ravel().astype(int).tolist(), "shape": x.shape, "cases": cases}))

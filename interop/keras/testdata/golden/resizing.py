"""Writes resizing.json: Resizing in its ways, and layers that choose others, in inference. See
cases.py:

    KERAS_BACKEND=jax venv/bin/python resizing.py > resizing.json
"""
import cases
import numpy as np
from cases import keras, pack

c = cases.Cases(19)
k = keras.layers
first = {"data_format": "channels_first"}


def add(layer, x):
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {x.dtype} {x.shape}", [layer(x, training=False)], config=config, args=[pack(x)],
          kwargs={"training": False}, weights=[])


for layer, shape in [
    (k.Resizing(3, 4), (2, 5, 7, 2)), (k.Resizing(9, 8, "bicubic"), (1, 5, 4, 2)), (k.Resizing(3, 4, "lanczos3", antialias=True), (1, 9, 7, 1)),
    (k.Resizing(8, 4, "lanczos5", **first), (1, 2, 5, 6)), (k.Resizing(3, 9, "nearest"), (1, 5, 6, 2)),
    (k.Resizing(4, 4, crop_to_aspect_ratio=True), (1, 5, 8, 1)), (k.Resizing(6, 2, "bicubic", crop_to_aspect_ratio=True), (1, 4, 5, 1)),
    (k.Resizing(4, 4, pad_to_aspect_ratio=True, fill_value=0.5), (1, 3, 7, 1)), (k.Resizing(3, 7, pad_to_aspect_ratio=True, **first), (1, 2, 6, 5)),
    (k.RandAugment(), (2, 4, 5, 3)), (k.AugMix(), (2, 4, 5, 3)),
]:
    add(layer, c.f32(*shape))
for layer in [k.Resizing(3, 4), k.Resizing(7, 7, "bicubic"), k.Resizing(2, 2, "nearest"), k.Resizing(4, 4, pad_to_aspect_ratio=True, fill_value=9)]:
    add(layer, c.rng.integers(40, 200, (1, 5, 6, 1)).astype(np.uint8))
c.write("resizing.py")

"""Writes geometry.json: layers that move the pixels of pictures, in training with factors of one
value. See cases.py:

    KERAS_BACKEND=jax venv/bin/python geometry.py > geometry.json
"""
import cases
from cases import keras, pack

c = cases.Cases(13)
k = keras.layers
first = {"data_format": "channels_first"}
for layer, shape, training in [
    (k.RandomFlip(), (2, 3, 4, 2), False), (k.RandomFlip("vertical", **first), (2, 3, 4, 2), False),
    (k.RandomRotation((0.12, 0.12)), (2, 5, 6, 3), True), (k.RandomRotation(0.2, fill_mode="wrap"), (1, 3, 4, 1), False),
    (k.RandomRotation((-0.3, -0.3), "constant", "nearest", fill_value=2.5, **first), (1, 3, 5, 6), True),
    (k.RandomZoom((0.3, 0.3)), (2, 5, 6, 3), True), (k.RandomZoom((-0.4, -0.4), (0.2, 0.2), "wrap", **first), (1, 2, 5, 6), True),
    (k.RandomTranslation((0.23, 0.23), (-0.31, -0.31)), (2, 5, 6, 3), True),
    (k.RandomTranslation((-0.4, -0.4), (0.1, 0.1), "nearest", **first), (1, 2, 5, 6), True),
    (k.RandomShear((0, 0), (0, 0)), (1, 5, 6, 2), True), (k.RandomShear(0.5, 0.5), (1, 5, 6, 2), False),
]:
    x = c.f32(*shape)
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {shape}", [layer(x, training=training)], config=config, args=[pack(x)],
          kwargs={"training": training}, weights=[])
c.write("geometry.py")

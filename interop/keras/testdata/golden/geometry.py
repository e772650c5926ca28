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
]:
    x = c.f32(*shape)
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {shape}", [layer(x, training=training)], config=config, args=[pack(x)],
          kwargs={"training": training}, weights=[])
c.write("geometry.py")

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
    (k.CenterCrop(3, 4), (2, 5, 6, 2), True), (k.CenterCrop(3, 2, **first), (1, 2, 6, 5), False), (k.CenterCrop(7, 3), (1, 5, 6, 2), False),
    (k.RandomCrop(4, 9), (2, 5, 6, 2), True), (k.RandomCrop(2, 3), (1, 5, 6, 2), False), (k.RandomErasing((0, 0)), (1, 5, 6, 2), True),
    (k.RandomErasing(), (1, 5, 6, 2), False), (k.RandomPerspective(1.0, 0.0), (1, 4, 4, 2), True), (k.RandomPerspective(**first), (1, 2, 4, 4), False),
    (k.RandomElasticTransform(1.0, 0.0), (1, 4, 4, 2), True), (k.RandomElasticTransform(), (1, 4, 4, 2), False),
    (k.MixUp(), (1, 3, 3, 2), True), (k.MixUp(0.5), (2, 3, 3, 2), False), (k.CutMix(), (1, 3, 3, 2), True), (k.CutMix(0.5), (2, 3, 3, 2), False),
    (k.MaxNumBoundingBoxes(3), (1, 3, 3, 2), True), (k.Pipeline([k.RandomRotation((0.1, 0.1)), k.CenterCrop(3, 3)]), (1, 5, 6, 2), True),
    (k.Rescaling([0.5, 0.25, 2.0], [-1.0, 0.0, 1.0]), (2, 3, 3, 3), None), (k.Rescaling(cases.np.array([[0.5], [2.0]]), 3.0), (2, 3, 2, 3), None),
    (k.RandomShear((0, 0), (0, 0)), (1, 5, 6, 2), True), (k.RandomShear(0.5, 0.5), (1, 5, 6, 2), False),
]:
    x = c.f32(*shape)
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    how = {} if training is None else {"training": training}
    c.add("layer", "layers." + name, f"{name} of {shape}", [layer(x, **how)], config=config, args=[pack(x)], kwargs=how, weights=[])
c.write("geometry.py")

"""Writes photometric.json: layers that change the colors of pictures, in training with factors of
one value. See cases.py:

    KERAS_BACKEND=jax venv/bin/python photometric.py > photometric.json
"""
import cases
import numpy as np
from cases import keras, pack

c = cases.Cases(17)
k = keras.layers
first = {"data_format": "channels_first"}
unit = {"value_range": (0, 1)}
odd = {"value_range": (-1, 3)}
for layer, channels_first in [
    (k.RandomBrightness([0.2, 0.2]), False), (k.RandomBrightness([-0.3, -0.3], **unit), False),
    (k.RandomContrast([0.0, 0.0], **unit), False),
    (k.RandomHue([1.0, 1.0]), False), (k.RandomHue([1.0, 1.0], **odd, **first), True), (k.RandomHue(0.0, **unit), False),
    (k.RandomSaturation([0.3, 0.3]), False), (k.RandomSaturation([0.7, 0.7], **unit, **first), True),
    (k.RandomColorJitter(brightness_factor=[0.1, 0.1], contrast_factor=0.0, saturation_factor=[0.4, 0.4], hue_factor=[1, 1]), False),
    (k.RandomColorDegeneration([0.4, 0.4]), False), (k.RandomColorDegeneration([-0.5, -0.5], **unit, **first), True),
    (k.RandomGrayscale(1.0), False), (k.RandomGrayscale(0.0, **first), True), (k.RandomGrayscale(1.0, **first), True),
    (k.RandomInvert([1.0, 1.0]), False), (k.RandomInvert([1.0, 1.0], **odd), False),
    (k.RandomPosterization([3, 3]), False), (k.RandomPosterization([5, 5], **unit), False), (k.RandomPosterization([1, 1], **odd), False),
    (k.Solarization(), False), (k.Solarization(**odd), False), (k.Solarization(threshold_factor=0.0, **unit, **first), True),
    (k.RandomSharpness([0.3, 0.3]), False), (k.RandomSharpness([0.9, 0.9], **unit, **first), True),
    (k.RandomGaussianBlur([1.0, 1.0], kernel_size=[5, 3], sigma=[0.7, 0.7]), False),
    (k.RandomGaussianBlur([1.0, 1.0], sigma=[0.4, 0.4], **unit, **first), True),
    (k.AutoContrast(), False), (k.AutoContrast(**unit), False), (k.AutoContrast(**odd), False),
    (k.Equalization(), False), (k.Equalization(**unit), False), (k.Equalization(bins=16, **odd, **first), True),
]:
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    low, high = config.get("value_range", (0, 255))
    shape = (2, 3, 5, 6) if channels_first else (2, 5, 6, 3)
    bytes_ = (c.rng.beta(0.7, 1.3, size=shape) * 255).round()
    if isinstance(layer, k.AutoContrast):
        bytes_[1, ..., 2] = 77
    x = (bytes_ / 255 * (high - low) + low).astype(np.float32) if (low, high) != (0, 255) else bytes_.astype(np.float32)
    name = type(layer).__name__
    for training in [True, False] if name == "AutoContrast" else [True]:
        c.add("layer", "layers." + name, f"{name} {low} to {high}", [layer(x, training=training)], config=config, args=[pack(x)],
              kwargs={"training": training}, weights=[], tol=(1e-5, 1e-5 * (high - low)))
c.write("photometric.py")

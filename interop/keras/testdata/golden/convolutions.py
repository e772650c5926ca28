"""Convolutions, their transposes, depthwise and separable ones. See cases.py:

    venv/bin/python convolutions.py > convolutions.json
"""
import cases
from cases import keras, pack

c = cases.Cases(13)
k = keras.layers
for layer, *shape in [
    (k.Conv1D(4, 3), 2, 7, 3), (k.Conv1D(4, 3, strides=2, padding="causal", activation="tanh"), 2, 8, 3), (k.Conv1D(3, 2, dilation_rate=3, padding="causal"), 2, 7, 2),
    (k.Conv2D(5, 3), 2, 6, 5, 3), (k.Conv2D(6, (3, 2), strides=(2, 1), padding="same", groups=2, activation="relu"), 2, 7, 6, 4),
    (k.Conv2D(3, 4, strides=3, padding="same", use_bias=False), 1, 8, 9, 2), (k.Conv2D(3, 3, dilation_rate=(2, 1), padding="same"), 1, 5, 4, 2),
    (k.Conv2D(4, 1), 2, 3, 4, 5), (k.Conv2D(4, 1, strides=2), 2, 5, 4, 3), (k.Conv3D(3, (2, 3, 2), strides=(1, 2, 1), padding="same"), 1, 3, 5, 4, 2),
    (k.Conv1DTranspose(3, 3, strides=2), 2, 4, 2), (k.Conv1DTranspose(2, 2, strides=3), 2, 4, 3), (k.Conv1DTranspose(2, 4, strides=3, padding="same"), 1, 5, 2),
    (k.Conv2DTranspose(2, 3, strides=2, padding="same"), 1, 3, 4, 3), (k.Conv2DTranspose(2, (3, 4), strides=(2, 3), padding="same", output_padding=(0, 2)), 1, 4, 3, 2),
    (k.Conv2DTranspose(3, 3, dilation_rate=2), 1, 3, 4, 2), (k.Conv2DTranspose(3, 2, strides=2, output_padding=1, activation="relu"), 1, 3, 4, 2),
    (k.Conv3DTranspose(2, 2, strides=(1, 2, 1), padding="same"), 1, 3, 2, 4, 2),
    (k.DepthwiseConv1D(3, strides=2, padding="same"), 2, 6, 3), (k.DepthwiseConv2D(3, depth_multiplier=2), 1, 5, 4, 3),
    (k.DepthwiseConv2D(3, padding="same", dilation_rate=2, activation="relu"), 2, 5, 4, 3),
    (k.SeparableConv1D(4, 3, depth_multiplier=2), 2, 6, 3), (k.SeparableConv2D(4, 3, strides=2, padding="same", activation="elu"), 1, 6, 5, 3),
]:
    x = c.f32(*shape)
    y = layer(x)
    for w in layer.weights:  # biases too
        w.assign(c.f32(*w.shape))
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {shape}", [layer(x)], config=config, args=[pack(x)], kwargs={}, weights=[{"path": w.path, "value": pack(w.numpy())} for w in layer.weights])
c.write("convolutions.py")

"""Layers that normalize, in inference and in training, with the variables that are not
trained afterwards. See cases.py:

    venv/bin/python normalizations.py > normalizations.json
"""
import cases
from cases import keras, np, pack
from keras.src.applications.convnext import LayerScale
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

c = cases.Cases(14)
k = keras.layers
bounds = {"rmax": 1.25, "rmin": 0.75, "dmax": 0.25}
for layer, training, *shape in [
    (lambda: k.BatchNormalization(), False, 4, 3), (lambda: k.BatchNormalization(momentum=0.9), True, 4, 3),
    (lambda: k.BatchNormalization(axis=1, epsilon=0.1, center=False), True, 2, 3, 4), (lambda: k.BatchNormalization(scale=False), True, 2, 3, 2, 4),
    (lambda: k.BatchNormalization(trainable=False), True, 4, 3), (lambda: k.BatchNormalization(center=False, scale=False), True, 5, 2),
    (lambda: k.BatchNormalization(axis=-2), False, 2, 3, 4), (lambda: k.BatchNormalization(renorm=True), False, 4, 3),
    (lambda: k.BatchNormalization(renorm=True, renorm_clipping=bounds, renorm_momentum=0.75, momentum=0.5), True, 4, 3),
    (lambda: k.BatchNormalization(renorm=True, center=False, scale=False), True, 4, 2, 3),
    (lambda: k.LayerNormalization(), None, 3, 5), (lambda: k.LayerNormalization(axis=[1, 2], epsilon=0.1), None, 2, 3, 4),
    (lambda: k.LayerNormalization(axis=[1, -1]), None, 2, 3, 4), (lambda: k.LayerNormalization(axis=1, center=False), None, 2, 3, 4),
    (lambda: k.LayerNormalization(axis=[3, 1]), None, 2, 3, 2, 4), (lambda: k.LayerNormalization(rms_scaling=True, axis=[1, 2]), None, 2, 3, 4),
    (lambda: k.GroupNormalization(3), None, 2, 6), (lambda: k.GroupNormalization(2), None, 2, 3, 2, 4), (lambda: k.GroupNormalization(-1), None, 2, 3, 4),
    (lambda: k.GroupNormalization(2, axis=1, scale=False), None, 2, 4, 3), (lambda: k.GroupNormalization(3, axis=2, epsilon=0.1), None, 2, 2, 6, 3),
    (lambda: k.GroupNormalization(1, center=False), None, 2, 3, 4),
    (lambda: k.RMSNormalization(), None, 3, 5), (lambda: k.RMSNormalization(axis=[1, 2], epsilon=0.1), None, 2, 3, 4),
    (lambda: k.UnitNormalization(), None, 3, 5), (lambda: k.UnitNormalization(axis=1), None, 2, 3, 4), (lambda: k.UnitNormalization(axis=[1, 3]), None, 2, 3, 2, 4),
    (lambda: k.SpectralNormalization(k.Dense(3)), False, 2, 4), (lambda: k.SpectralNormalization(k.Dense(3, activation="tanh")), True, 2, 4),
    (lambda: k.SpectralNormalization(k.Conv2D(3, 2), power_iterations=3), True, 2, 3, 4, 2),
]:
    layer = layer()
    x, kwargs = c.f32(*shape), {} if training is None else {"training": training}
    layer(x)
    for w in layer.weights:
        w.assign(np.abs(c.f32(*w.shape)) + 0.5 if "variance" in w.path or "stddev" in w.path else c.f32(*w.shape))
    packed = [{"path": w.path, "value": pack(w.numpy())} for w in layer.weights]
    y = layer(x, **kwargs)
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    fixed = [w for w in layer.weights if not w.trainable]
    c.add("layer", "layers." + name, f"{name} of {shape}", [y], config=config, args=[pack(x)], kwargs=kwargs, weights=packed,
          weights_after=[{"path": w.path, "value": pack(w.numpy())} for w in fixed])
for layer, *shape in [
    (k.Normalization(), 2, 3), (k.Normalization(axis=(1, -1)), 2, 3, 2, 4), (k.Normalization(axis=None, invert=True), 2, 3),
    (k.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 0.0, 1.0]), 2, 3), (k.Normalization(axis=(1, 3), mean=[0.5, 2.0], variance=[0.25, 1.0], invert=True), 3, 2, 3, 2),
    (k.Normalization(axis=(2, 1), mean=[[0.5, 2.0]], variance=[[0.25, 1.0]]), 3, 2, 2), (LayerScale(0.5, 3), 2, 2, 3),
]:
    x = c.f32(*shape)
    layer(x)
    for w in layer.weights:
        w.assign(3 if "count" in w.path else np.abs(c.f32(*w.shape)) if "variance" in w.path else c.f32(*w.shape))
    if layer.weights and type(layer) is k.Normalization:
        layer.finalize_state()
    packed = [{"path": w.path, "value": pack(w.numpy())} for w in layer.weights]
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {shape}", [layer(x)], config=config, args=[pack(x)], weights=packed)
x, y = c.f32(2, 2, 3), c.f32(2, 2, 3)
c.add("layer", "layers.CustomScaleLayer", "CustomScaleLayer", [CustomScaleLayer(0.25)([x, y])], config={"scale": 0.25}, args=[[pack(x), pack(y)]])
c.write("normalizations.py")

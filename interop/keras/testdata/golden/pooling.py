"""Writes pooling.json: pooling, upsampling, padding and cropping. See cases.py:

    venv/bin/python pooling.py > pooling.json
"""
import cases
from cases import keras, pack

c = cases.Cases(12)
k = keras.layers
first = {"data_format": "channels_first"}
for layer, shape in [
    (k.MaxPooling1D(2), (2, 5, 3)), (k.MaxPooling2D(2), (2, 5, 4, 3)), (k.MaxPooling3D(2), (2, 3, 4, 2, 2)),
    (k.MaxPooling2D((3, 2), strides=(2, 1), padding="same"), (2, 5, 4, 3)), (k.MaxPooling2D(3, strides=2, padding="same", **first), (2, 3, 6, 5)),
    (k.AveragePooling1D(3, strides=2, padding="same"), (2, 6, 3)), (k.AveragePooling2D((2, 3), strides=1), (2, 5, 4, 3)),
    (k.AveragePooling2D(3, strides=2, padding="same", **first), (2, 3, 6, 5)), (k.AveragePooling3D(2, padding="same"), (2, 3, 4, 3, 2)),
    (k.GlobalMaxPooling1D(), (2, 5, 3)), (k.GlobalMaxPooling2D(keepdims=True), (2, 5, 4, 3)), (k.GlobalMaxPooling3D(**first), (2, 3, 2, 4, 2)),
    (k.GlobalAveragePooling1D(keepdims=True), (2, 5, 3)), (k.GlobalAveragePooling2D(**first), (2, 5, 4, 3)), (k.GlobalAveragePooling3D(), (2, 3, 2, 4, 2)),
    (k.AdaptiveMaxPooling1D(3), (2, 7, 3)), (k.AdaptiveMaxPooling2D((2, 5)), (2, 7, 3, 3)), (k.AdaptiveMaxPooling3D(2, **first), (2, 3, 3, 2, 5)),
    (k.AdaptiveAveragePooling1D(5), (2, 12, 2)), (k.AdaptiveAveragePooling2D((2, 3)), (2, 4, 6, 2)), (k.AdaptiveAveragePooling2D((3, 4)), (2, 5, 3, 2)),
    (k.AdaptiveAveragePooling3D((1, 2, 3)), (2, 3, 3, 4, 2)),
    (k.UpSampling1D(3), (2, 4, 3)), (k.UpSampling2D((2, 3)), (2, 2, 3, 2)), (k.UpSampling3D((1, 2, 3)), (1, 2, 2, 2, 2)),
    *[(k.UpSampling2D((2, 3), interpolation=i), (2, 4, 3, 2)) for i in ("bilinear", "bicubic", "lanczos3", "lanczos5")],
    (k.UpSampling2D(2, interpolation="bilinear", **first), (2, 2, 4, 3)),
    (k.ZeroPadding1D((1, 2)), (2, 3, 2)), (k.ZeroPadding2D(((1, 0), (0, 2)), **first), (2, 3, 2, 2)), (k.ZeroPadding3D((1, 0, 2)), (1, 2, 1, 2, 2)),
    (k.Cropping1D((1, 2)), (2, 5, 2)), (k.Cropping2D(((1, 0), (0, 2)), **first), (2, 3, 4, 3)), (k.Cropping3D((1, 0, 1)), (1, 3, 2, 3, 2)),
]:
    x = c.f32(*shape)
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {shape}", [layer(x)], config=config, args=[pack(x)], kwargs={}, weights=[])
x, mask = c.f32(2, 4, 3), cases.np.array([[1, 1, 0, 0], [0, 1, 1, 1]], bool)
layer = k.GlobalAveragePooling1D()
config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
c.add("layer", "layers.GlobalAveragePooling1D", "GlobalAveragePooling1D of masked", [layer(x, mask=mask)], config=config, args=[pack(x), pack(mask)], kwargs={}, weights=[])
c.write("pooling.py")

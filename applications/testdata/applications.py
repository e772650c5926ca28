"""Writes applications.json: for the networks of keras.applications, and variants of them, a hash
of their layers' names and one of their configs, the number of layers and of parameters, and the
shape of the output; for some, what they predict with weights by formula. Made with Keras 3.15.1
on JAX:

    KERAS_BACKEND=jax python applications.py applications.json

CONFIGS, if it is set, is a directory for the whole configs, with which the test tells what
differs.
"""
import hashlib
import json
import math
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from keras import applications
from keras.src.initializers.initializer import Initializer


def zeros(classes):
    """Has initializers give zeros, which takes no time."""
    for c in classes:
        if "__call__" in c.__dict__:
            c.__call__ = lambda self, shape, dtype=None, **_: np.zeros(shape, keras.backend.standardize_dtype(dtype))
        zeros(c.__subclasses__())


# Settings that say nothing where they have these values, beside null.
UNSAID = {"training": False, "sparse": False, "ragged": False, "optional": False, "data_format": "channels_last", "compile_config": {}}
# Members that say nothing.
IGNORED = {"module", "registered_name", "build_config", "dtype"}


def canonical(v):
    """Returns v without what says nothing, with numbers as text."""
    if isinstance(v, dict):
        kept = {k: canonical(x) for k, x in v.items() if k not in IGNORED and x is not None and (k not in UNSAID or UNSAID[k] != x)}
        return kept
    if isinstance(v, list):
        return [canonical(x) for x in v]
    if isinstance(v, (int, float)) and not isinstance(v, bool):
        return "%.17g" % v
    return v


def digest(v):
    return hashlib.sha256(json.dumps(v, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]


def facts(model):
    config = json.loads(model.to_json())
    names = [l["config"]["name"] for l in config["config"]["layers"]]  # operations, too
    return {
        "name": model.name, "layers": len(names), "names": digest(names), "config": digest(canonical(config)), "params": model.count_params(),
        "trainable": sum(math.prod(w.shape) for w in model.trainable_weights), "output": [d or -1 for d in model.output.shape[1:]],
    }


def numbers(k, n):
    """Returns n numbers from -1 to 1 that follow from k."""
    with np.errstate(over="ignore"):
        x = np.uint64(k + 1) * np.uint64(0x9E3779B97F4A7C15)
    x = x + np.arange(n, dtype=np.uint64) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(31)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(29)
    return (x >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def value(k, path, shape):
    """Returns the value of weight k."""
    v, name = numbers(k, math.prod(shape)).reshape(shape), path.split("/")[-1]
    if name.endswith("kernel"):
        fan = math.prod(shape[:2]) if len(shape) == 4 and shape[-1] == 1 else math.prod(shape[:-1])
        return v * math.sqrt(6 / fan)
    if name in ("gamma", "moving_variance", "variance"):
        return 1 + v / 4
    return v / 8


def predictions(model, pixels):
    for k, w in enumerate(model.weights):
        if not w.path.endswith("count"):
            w.assign(value(k, w.path, w.shape))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    x = numbers(-1, 2 * math.prod(model.input_shape[1:])).reshape(2, *model.input_shape[1:])
    y = model(((x + 1) * 127.5 if pixels else x).astype(np.float32), training=False)
    return [float("%.7g" % v) for v in np.asarray(y)[:, :10].ravel()]


def prepared():
    """Returns what preprocess_input makes of a picture, by mode, format and number of axes."""
    all = {}
    for mode in ("caffe", "tf", "torch"):
        for shape in ((2, 2, 3), (2, 1, 2, 3), (3, 2, 2), (2, 3, 1, 2)):
            first = shape[-1] != 3
            x = ((numbers(7, math.prod(shape)) + 1) * 127.5).astype(np.float32).reshape(shape)
            y = applications.imagenet_utils.preprocess_input(x, data_format="channels_first" if first else None, mode=mode)
            all[f"{mode} {shape}"] = [float("%.9g" % v) for v in y.ravel()]
    return all


NAMES = """VGG16 VGG19 ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2 MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large
DenseNet121 DenseNet169 DenseNet201 InceptionV3 InceptionResNetV2 NASNetMobile NASNetLarge Xception EfficientNetB0 EfficientNetB1 EfficientNetB2
EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7 EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3
EfficientNetV2S EfficientNetV2M EfficientNetV2L ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge""".split()

VARIANTS = {
    "VGG16 without top": dict(include_top=False),
    "VGG19 pooled": dict(include_top=False, pooling="max", input_shape=(32, 48, 1)),
    "ResNet50 without top": dict(include_top=False),
    "ResNet50 pooled": dict(include_top=False, pooling="avg", input_shape=(64, 32, 3)),
    "ResNet50V2 pooled": dict(include_top=False, pooling="max"),
    "MobileNet alpha": dict(alpha=0.25, depth_multiplier=2, dropout=0.5, classes=7, input_shape=(128, 128, 3), classifier_activation="sigmoid"),
    "MobileNet without top": dict(include_top=False, pooling="avg", alpha=0.5),
    "MobileNetV2 alpha": dict(alpha=1.3, classes=7, classifier_activation=None, input_shape=(65, 97, 3)),
    "MobileNetV2 small": dict(alpha=0.35, include_top=False, input_shape=(96, 96, 3)),
    "MobileNetV2 without top": dict(include_top=False),
    "MobileNetV3Small minimalistic": dict(minimalistic=True, alpha=1.25, classes=5, input_shape=(64, 64, 3)),
    "MobileNetV3Large raw": dict(include_preprocessing=False, dropout_rate=0.0, alpha=0.75),
    "MobileNetV3Small without top": dict(include_top=False, pooling="max"),
    "DenseNet121 pooled": dict(include_top=False, pooling="avg"),
    "InceptionV3 pooled": dict(include_top=False, pooling="avg"),
    "InceptionResNetV2 without top": dict(include_top=False, input_shape=(75, 80, 3)),
    "NASNetMobile without top": dict(include_top=False, pooling="max"),
    "NASNetLarge small": dict(include_top=False, input_shape=(65, 64, 3)),
    "Xception pooled": dict(include_top=False, pooling="max", input_shape=(71, 72, 3)),
    "EfficientNetB0 without top": dict(include_top=False),
    "EfficientNetB1 pooled": dict(include_top=False, pooling="avg", input_shape=(33, 64, 1)),
    "EfficientNetV2B0 grey": dict(include_top=False, pooling="max", input_shape=(32, 32, 1)),
    "EfficientNetV2S raw": dict(include_preprocessing=False, classes=3),
    "ConvNeXtTiny without top": dict(include_top=False),
    "ConvNeXtTiny raw": dict(include_preprocessing=False, include_top=False, pooling="avg", input_shape=(64, 64, 3)),
}

# What is predicted, of pictures with values from -1 to 1, or from 0 to 255.
PREDICTED = {
    "VGG16": (dict(include_top=False, pooling="avg", input_shape=(32, 32, 3)), False),
    "ResNet50": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), False),
    "ResNet50V2": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), False),
    "MobileNet": (dict(input_shape=(32, 32, 3), alpha=0.25, classes=5, classifier_activation=None), False),
    "MobileNetV2": (dict(input_shape=(32, 33, 3), alpha=0.35, classes=5, classifier_activation=None), False),
    "MobileNetV3Small": (dict(input_shape=(32, 33, 3), alpha=0.75, classes=5, classifier_activation=None), True),
    "DenseNet121": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), False),
    "InceptionV3": (dict(input_shape=(75, 75, 3), classes=5, classifier_activation=None), False),
    "InceptionResNetV2": (dict(input_shape=(75, 75, 3), classes=5, classifier_activation=None), False),
    "NASNetMobile": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), False),
    "Xception": (dict(input_shape=(71, 71, 3), classes=5, classifier_activation=None), False),
    "EfficientNetB0": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), True),
    "EfficientNetV2B0": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), True),
    "ConvNeXtTiny": (dict(input_shape=(32, 32, 3), classes=5, classifier_activation=None), True),
}


def main(path):
    zeros([Initializer])
    made = {"about": "Computed by applications.py beside this file", "keras_version": keras.__version__, "networks": {}, "predictions": {}}

    def build(name, settings):
        keras.utils.clear_session()
        return getattr(applications, name)(weights=None, **settings)

    for label, settings in {**{n: {} for n in NAMES}, **VARIANTS}.items():
        model = build(label.split()[0], settings)
        made["networks"][label] = facts(model)
        if os.environ.get("CONFIGS"):
            with open(os.path.join(os.environ["CONFIGS"], label + ".json"), "w") as f:
                f.write(model.to_json())
        print(label, file=sys.stderr, flush=True)
    for name, (settings, pixels) in PREDICTED.items():
        made["predictions"][name] = predictions(build(name, settings), pixels)
        print("predicted", name, file=sys.stderr, flush=True)
    made["prepared"] = prepared()
    with open(path, "w") as f:
        f.write(json.dumps(made, separators=(",", ":")).replace("},", "},\n").replace("],", "],\n") + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

"""Writes geometry.json: what Keras makes in training of pictures, boxes and masks with layers whose
factors have one value, or whose draw is given. Made with Keras 3.15.1 on JAX:

    KERAS_BACKEND=jax python geometry.py > geometry.json
"""
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import layers as k

rng = np.random.default_rng(5)
rows = []


def pack(x):
    x = np.asarray(x)
    kind = {"f": "float32", "i": "int32", "u": str(x.dtype), "b": "bool"}[x.dtype.kind]
    return {"dtype": kind, "shape": list(x.shape), "data": [round(v, 7) for v in x.ravel().tolist()]}


def config(layer):
    c = layer.get_config()
    c.pop("dtype", None)
    return c


def add(layer, shape=(2, 5, 6, 2), boxes=True, draws=None, only=None, dtype="float32"):
    """A case of a layer, with one expectation for each of the draws, which are functions that make
    Keras's transformation from that which it drew."""
    first = layer.data_format == "channels_first"
    x = rng.integers(0, 255, size=shape)
    x = x.astype(dtype) if dtype != "float32" else (x / 8).astype("float32")
    n, h, w = (shape[0], *shape[2:]) if first else shape[:3]
    masks = rng.integers(0, 5, size=(n, 1, h, w) if first else (n, h, w, 1)).astype("int32")
    y = rng.integers(0, 9, size=(n,)).astype("int32")
    data = {"images": x, "labels": y, "segmentation_masks": masks}
    if boxes:
        form = layer.bounding_box_format
        at = np.array([[[0.5, 1, 3, 3.5], [1, 0, 5.5, 4], [0, 0, 0, 0]]] * n, "float32")
        at[1:, :, 0] *= 0.5
        at = keras.utils.bounding_boxes.convert_format(at, "xyxy", form, h, w)
        data["bounding_boxes"] = {"boxes": np.asarray(at), "labels": np.array([[3, 4, -1]] * n, "int32")}
    row = {"class": type(layer).__name__, "config": config(layer), "images": pack(x), "labels": pack(y), "masks": pack(masks)}
    if boxes:
        row["boxes"], row["classes"] = pack(data["bounding_boxes"]["boxes"]), pack(data["bounding_boxes"]["labels"])
    row["want"] = []
    original = layer.get_random_transformation
    for draw in draws or [lambda t: t]:
        layer.get_random_transformation = lambda *a, **kw: draw(original(*a, **kw))
        out = layer({key: dict(v) if isinstance(v, dict) else v for key, v in data.items()}, training=True)
        want = {"images": pack(out["images"]), "labels": pack(out["labels"]), "masks": pack(out["segmentation_masks"])}
        if boxes:
            want["boxes"], want["classes"] = pack(out["bounding_boxes"]["boxes"]), pack(out["bounding_boxes"]["labels"])
        row["want"].append({key: v for key, v in want.items() if not only or key in only})
    rows.append(row)


def given(**values):
    return lambda t: {**t, **values}


def flips(value):
    return lambda t: {**t, "flips": np.full(t["flips"].shape, value)}


for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
    add(k.RandomFlip(mode, bounding_box_format="xywh"), shape=(1, 5, 6, 2), draws=[flips(False), flips(True)])
for fill in ("reflect", "constant", "wrap", "nearest"):
    for interpolation in ("bilinear", "nearest"):
        how = {"fill_mode": fill, "interpolation": interpolation, "fill_value": 2.5, "bounding_box_format": "xyxy"}
        add(k.RandomRotation((0.12, 0.12), **how))
        add(k.RandomZoom((0.3, 0.3), (-0.17, -0.17), **how))
        add(k.RandomTranslation((0.23, 0.23), (-0.31, -0.31), **how))
add(k.RandomRotation((-0.3, -0.3), bounding_box_format="xyxy", data_format="channels_first"), shape=(2, 3, 5, 6))
add(k.RandomRotation((0.25, 0.25), bounding_box_format="xyxy"), shape=(1, 6, 6, 1), dtype="uint8")
add(k.RandomRotation((0.5, 0.5), bounding_box_format="xyxy"), shape=(1, 4, 6, 1))
for form in ("yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"):
    add(k.RandomZoom((0.4, 0.4), bounding_box_format=form), shape=(1, 5, 6, 1))
    add(k.RandomTranslation((-0.4, -0.4), (0.3, 0.3), bounding_box_format=form), shape=(1, 5, 6, 1))
add(k.RandomZoom((-0.5, -0.5), data_format="channels_first", bounding_box_format="xyxy"), shape=(2, 1, 7, 6))


def sheared(sign):
    def of(t):
        f = np.abs(np.asarray(t["shear_factor"]))
        return {**t, "shear_factor": f * sign}
    return of


for x, y in ((0.3, 0), (0, 0.4)):
    add(k.RandomShear((x, x), (y, y), bounding_box_format="rel_xyxy"), shape=(1, 6, 6, 1), draws=[sheared(1), sheared(-1)])
add(k.RandomShear((0.2, 0.2), (0.5, 0.5), fill_mode="constant", bounding_box_format="xyxy"), shape=(1, 5, 7, 2), draws=[sheared(1), sheared(-1)],
    only=["images", "masks", "labels"])  # boxes of pictures that are sheared along both axes do not follow them

print('{"keras": "%s", "cases": [\n' % keras.__version__ + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]}")

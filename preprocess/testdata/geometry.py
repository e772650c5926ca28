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

for size, shape in (((3, 4), (2, 5, 6, 2)), ((4, 3), (1, 7, 6, 1)), ((5, 6), (1, 5, 6, 1))):
    add(k.CenterCrop(*size, bounding_box_format="xywh"), shape=shape)
for size, shape in (((7, 4), (1, 5, 6, 2)), ((3, 9), (1, 5, 6, 1)), ((8, 8), (1, 5, 6, 1))):  # Keras interpolates masks
    add(k.CenterCrop(*size, bounding_box_format="rel_xyxy"), shape=shape, only=["images", "labels", "boxes", "classes"])
    add(k.RandomCrop(*size), shape=shape, boxes=False, only=["images", "labels"])  # its boxes do not follow the picture
add(k.CenterCrop(3, 2, data_format="channels_first", bounding_box_format="xyxy"), shape=(2, 1, 5, 6))
add(k.RandomErasing((0, 0)), boxes=False)
add(k.RandomPerspective(1.0, 0.0, bounding_box_format="xyxy"), shape=(2, 4, 4, 1))
add(k.RandomElasticTransform(1.0, 0.0), boxes=False)
add(k.RandomElasticTransform((0.0, 0.0), value_range=(10, 20)), boxes=False)
add(k.MaxNumBoundingBoxes(2, bounding_box_format="xywh"))
add(k.MaxNumBoundingBoxes(5, bounding_box_format="xywh"), dtype="uint8")

# Functions: pictures by two quadrangles, places between elements, and an elastic transform of given noise.
functions = []


def quadrangles(n):
    start = np.array([[[0, 0], [5, 0], [0, 4], [5, 4]]] * n, "float32")
    return start, start + rng.uniform(-1, 1, size=start.shape).astype("float32")


for interpolation in ("bilinear", "nearest"):
    x = (rng.integers(0, 255, size=(2, 5, 6, 2)) / 8).astype("float32")
    start, end = quadrangles(2)
    y = keras.ops.image.perspective_transform(x, start, end, interpolation=interpolation, fill_value=1.5)
    functions.append({"function": "perspective", "nearest": interpolation == "nearest", "fill": "constant", "value": 1.5,
                      "in": [pack(x), pack(start), pack(end)], "want": pack(y)})
    for fill in ("constant", "nearest", "wrap", "mirror", "reflect"):
        for shape in ((7,), (5, 6), (3, 1, 2)):
            x = (rng.integers(0, 255, size=shape) / 8).astype("float32")
            at = rng.uniform(-9, 12, size=(len(shape), 4, 5)).astype("float32")
            y = keras.ops.image.map_coordinates(x, at, int(interpolation == "bilinear"), fill, 1.5)
            functions.append({"function": "map", "nearest": interpolation == "nearest", "fill": fill, "value": 1.5, "in": [pack(x), pack(at)],
                              "want": pack(y)})
import jax

for strength, shape, fill in ((0.8, (1, 30, 24, 1), "reflect"), (0.5, (2, 21, 40, 2), "mirror"), (0.05, (1, 12, 12, 1), "wrap")):
    x = (rng.integers(0, 255, size=shape) / 8).astype("float32")
    noise = rng.normal(size=shape[:3]).astype("float32")
    normal, jax.random.normal = jax.random.normal, lambda *a, **kw: noise
    y = keras.ops.image.elastic_transform(x, alpha=max(shape[1:3]) * 0.1 * strength, sigma=min(shape[1:3]) * 0.05 * strength, fill_mode=fill)
    jax.random.normal = normal
    functions.append({"function": "elastic", "nearest": False, "fill": fill, "value": strength, "in": [pack(x), pack(noise)], "want": pack(y)})

print('{"keras": "%s", "cases": [\n' % keras.__version__ + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + '\n], "functions": [\n' +
      ",\n".join(json.dumps(r, separators=(",", ":")) for r in functions) + "\n]}")

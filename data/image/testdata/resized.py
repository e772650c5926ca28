"""Makes resized.json: a grey picture, and what libraries make of it in other sizes.

    python resized.py > resized.json    # pillow 13.0.0, tensorflow-cpu 2.21.0, keras 3.15.1, opencv-python-headless 5.0.0.93

Pixels of the picture are bytes, row by row; those of the sizes are 32nds of a level, as int16
of the lower byte first.
"""

import base64
import json
import os

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["KERAS_BACKEND"] = "tensorflow"

import cv2
import numpy as np
import tensorflow as tf
from PIL import Image

rng = np.random.default_rng(1)
H, W = 11, 14
picture = rng.integers(0, 256, (H, W)).astype(np.uint8)
picture[:5, :6] = 255 * (np.mgrid[0:5, 0:6][1] // 3 % 2)  # sharp edges

SIZES = [(5, 6), (23, 31), (4, 30), (22, 7), (11, 5), (11, 14)]
PIL = ["NEAREST", "BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS"]
TF = ["nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]
CV = ["NEAREST", "NEAREST_EXACT", "LINEAR", "CUBIC", "AREA", "LANCZOS4"]

filters = {}
for name in PIL:
    img = Image.fromarray(picture)
    filters["pil-" + name.lower()] = lambda h, w, n=name, i=img: np.array(i.resize((w, h), Image.Resampling[n]))
for name in TF:
    for antialias in (False, True):
        if antialias and name in ("nearest", "area"):
            continue
        key = "tf-" + name + ("-antialias" if antialias else "")
        filters[key] = lambda h, w, n=name, a=antialias: tf.image.resize(picture[..., None], (h, w), n, antialias=a).numpy()[..., 0]
for name in CV:
    flag = getattr(cv2, "INTER_" + name)
    filters["cv-" + name.lower().replace("_", "-")] = lambda h, w, f=flag: cv2.resize(picture, (w, h), interpolation=f)


def pixels(x):
    return base64.b64encode(np.round(np.asarray(x, np.float64) * 32).astype("<i2").tobytes()).decode()


resized = [
    {"filter": key, "height": h, "width": w, "pixels": pixels(f(h, w))} for key, f in filters.items() for h, w in SIZES
]

# Keras's proportions, with its default filter.
from keras.src.backend.tensorflow.image import resize

framed = []
for h, w in ((6, 6), (7, 30), (30, 7), (5, 6), (3, 1)):
    for kind in ("crop", "pad"):
        exact = resize(picture[..., None].astype("float32"), (h, w), **{kind + "_to_aspect_ratio": True}).numpy()[..., 0]
        framed.append({"kind": kind, "height": h, "width": w, "pixels": pixels(exact)})

print(
    json.dumps(
        {"height": H, "width": W, "picture": base64.b64encode(picture.tobytes()).decode(), "resized": resized, "framed": framed},
        indent=0,
    )
)

"""Makes folder.json: the names of files in a directory, and the samples that Keras takes
from it, in its order.

    python folder.py > folder.json    # keras 3.15.1, tensorflow-cpu 2.21.0, pillow 13.0.0
"""

import contextlib
import io
import json
import os
import tempfile

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["KERAS_BACKEND"] = "tensorflow"

import numpy as np
from keras.utils import image_dataset_from_directory
from PIL import Image

TREE = """b/1.png b/2.png b/3.png b/10.png a/x.JPG a/deep/y.png a/deep/z.png a/deep.er/q.png a/-.png a/a.png a/.dot.png
a/notes.txt 10/u.jpeg 10/v.bmp 9/w.gif B/k.png é/ä.png é/z.png .hidden/h.png root.png""".split()

with tempfile.TemporaryDirectory() as d:
    for i, name in enumerate(TREE):
        path = os.path.join(d, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if name.endswith(".txt"):
            open(path, "w").write("no picture")
        else:
            Image.new("RGB", (3, 2), (i, 0, 0)).save(path)

    def samples(ds):
        return [os.path.relpath(p, d) for p in ds.file_paths]

    def labels(ds):
        return np.concatenate([np.atleast_1d(y.numpy()) for _, y in ds]).tolist()

    with contextlib.redirect_stdout(io.StringIO()):
        plain = image_dataset_from_directory(d, shuffle=False, image_size=(2, 2))
        out = {
            "tree": TREE,
            "classes": plain.class_names,
            "files": samples(plain),
            "labels": labels(plain),
            "unlabeled": samples(image_dataset_from_directory(d, labels=None, shuffle=False, image_size=(2, 2))),
            "some": samples(image_dataset_from_directory(d, class_names=["b", "10"], shuffle=False, image_size=(2, 2))),
            "splits": [],
        }
        for fraction in (0.2, 0.5):
            for seed in (1, 1337, 4294967295, None):
                train, val = image_dataset_from_directory(
                    d, validation_split=fraction, subset="both", seed=seed, shuffle=seed is not None, image_size=(2, 2)
                )
                out["splits"].append({"fraction": fraction, "seed": seed, "train": samples(train), "validation": samples(val), "labels": labels(val)})
print(json.dumps(out, indent=0, ensure_ascii=False))

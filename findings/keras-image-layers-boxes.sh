#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: layers that augment pictures move bounding boxes away from what
# they bound. RandomCrop shifts a box by the row along x and by the column along y, so that
# most boxes no longer lie on the pixels that they did. RandomRotation takes boxes of "xywh" for
# corners: a rotation by 0 changes them, while those of "xyxy" stay.
#
# One would expect a box around a bright patch to be around it still, where the patch is in the
# picture, and a rotation by 0 to change nothing.
#
# Output seen:
#   RandomCrop: 2 boxes are around the patch, 18 are not
#   RandomRotation by 0 of xyxy [4, 1, 6, 3]: [4.0, 1.0, 6.0, 3.0]
#   RandomRotation by 0 of xywh [4, 1, 2, 2]: [2.0, 1.0, 2.0, 1.0]
#
# Run by hand; it fails if that changes. Wants python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat >"$dir/try.py" <<'PY'
import os

os.environ["KERAS_BACKEND"] = "jax"
import numpy as np
from keras import layers


def augmented(layer, size, patch, box):
    """The corners of a patch after a layer, None if it is out of the picture, and its box."""
    image = np.zeros((1, *size, 1), "float32")
    x1, y1, x2, y2 = patch
    image[0, y1:y2, x1:x2] = 1
    boxes = {"boxes": np.array([[box]], "float32"), "labels": np.array([[0]])}
    out = layer({"images": image, "bounding_boxes": boxes}, training=True)
    ys, xs = np.nonzero(np.asarray(out["images"])[0, ..., 0] > 0.5)
    seen = [int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1] if len(xs) else None
    return seen, [round(float(v), 1) for v in np.asarray(out["bounding_boxes"]["boxes"])[0, 0]]


around = off = 0
for seed in range(20):
    layer = layers.RandomCrop(6, 6, bounding_box_format="xyxy", seed=seed)
    seen, box = augmented(layer, (8, 12), [4, 3, 7, 5], [4, 3, 7, 5])
    if seen:
        around, off = around + (box == seen), off + (box != seen)
print("RandomCrop:", around, "boxes are around the patch,", off, "are not")
for form, box in ("xyxy", [4, 1, 6, 3]), ("xywh", [4, 1, 2, 2]):
    layer = layers.RandomRotation((0.0, 0.0), bounding_box_format=form, seed=1)
    seen, after = augmented(layer, (6, 8), [4, 1, 6, 3], box)
    assert seen == [4, 1, 6, 3]
    print("RandomRotation by 0 of", form, f"{box}: {after}")
PY
"$dir/venv/bin/python" "$dir/try.py" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
RandomCrop: 2 boxes are around the patch, 18 are not
RandomRotation by 0 of xyxy [4, 1, 6, 3]: [4.0, 1.0, 6.0, 3.0]
RandomRotation by 0 of xywh [4, 1, 2, 2]: [2.0, 1.0, 2.0, 1.0]
WANT

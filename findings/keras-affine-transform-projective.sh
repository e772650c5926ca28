#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: keras.ops.image.affine_transform takes eight numbers for a
# transform, of which the last two divide the coordinates by 1 + c0 x + c1 y; on JAX they
# are not read. Pictures come out the same with 0.1 as with 0.
#
# The documentation of the function has the division; one would expect a perspective, or an
# error.
#
# Output seen:
#   c0 = c1 = 0.1 moves 0 of 16 pixels
#
# Run by hand; it fails if that changes. Wants python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat >"$dir/try.py" <<'PY'
import numpy as np
from keras import ops

picture = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)


def moved(c):
    return np.asarray(ops.image.affine_transform(picture, np.array([[1, 0, 0, 0, 1, 0, c, c]], "float32")))


print(f"c0 = c1 = 0.1 moves {int(np.sum(moved(0.1) != moved(0)))} of 16 pixels")
PY
KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
c0 = c1 = 0.1 moves 0 of 16 pixels
WANT

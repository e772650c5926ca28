#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: RandomBrightness with the dtype uint8 makes bright pixels
# dark: what exceeds 255 begins again at 0, before it is clipped. A picture of 250 that
# becomes brighter by 0.2 of 255 is 45; in float32 it is 255.
#
# The layer clips to its value range; one would expect the same picture in both dtypes.
#
# Output seen:
#   float32: 255
#   uint8: 45
#
# Run by hand; it fails if that changes. Wants python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat >"$dir/try.py" <<'PY'
import numpy as np
from keras import layers

for dtype in "float32", "uint8":
    layer = layers.RandomBrightness([0.2, 0.2], value_range=(0, 255), dtype=dtype)
    y = np.asarray(layer(np.full((1, 2, 2, 3), 250, dtype), training=True))
    print(f"{dtype}: {int(y.max())}")
PY
KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
float32: 255
uint8: 45
WANT

#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: RMSNormalization works along the last axis alone. With another
# one it builds its scale for that axis, and then multiplies by it along the last: an error
# of shapes, or, where the two axes have one length, wrong numbers without an error.
# LayerNormalization takes any axis.
#
# One would expect axis=1 to normalize along axis 1 and to scale along it.
#
# Output seen:
#   LayerNormalization, axis 1 of (2, 3, 4): (2, 3, 4)
#   RMSNormalization, axis 1 of (2, 3, 4): ValueError
#   RMSNormalization, axis 1 of (1, 2, 2), scale 1 10: scaled along axis 2
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

x = np.ones((2, 3, 4), "float32")
for layer in layers.LayerNormalization(axis=1), layers.RMSNormalization(axis=1):
    try:
        got = layer(x).shape
    except ValueError as e:
        got = type(e).__name__
    print(f"{type(layer).__name__}, axis 1 of (2, 3, 4): {got}")

layer = layers.RMSNormalization(axis=1)
square = np.ones((1, 2, 2), "float32")
layer(square)
layer.set_weights([np.array([1, 10], "float32")])
y = np.asarray(layer(square))[0]
along = 2 if y[0, 1] > 5 * y[0, 0] else 1
print(f"RMSNormalization, axis 1 of (1, 2, 2), scale 1 10: scaled along axis {along}")
PY
KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
LayerNormalization, axis 1 of (2, 3, 4): (2, 3, 4)
RMSNormalization, axis 1 of (2, 3, 4): ValueError
RMSNormalization, axis 1 of (1, 2, 2), scale 1 10: scaled along axis 2
WANT

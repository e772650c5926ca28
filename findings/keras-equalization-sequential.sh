#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: Equalization cannot stand in a model whose input is known: the
# symbol that it returns is its own input, and the model is refused as a cycle. Called with
# pictures it works, and so does AutoContrast in a model.
#
# One would expect a layer of preprocessing to stand in a model, as the other layers of
# pictures do.
#
# Output seen:
#   AutoContrast: (None, 4, 4, 3)
#   Equalization: ValueError
#   Equalization of a picture: (1, 4, 4, 3)
#
# Run by hand; it fails if that changes. Wants python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat >"$dir/try.py" <<'PY'
import keras
import numpy as np
from keras import layers

for layer in layers.AutoContrast(), layers.Equalization():
    try:
        got = keras.Sequential([keras.Input((4, 4, 3)), layer]).output_shape
    except ValueError as e:
        got = type(e).__name__
    print(f"{type(layer).__name__}: {got}")
print(f"Equalization of a picture: {tuple(layers.Equalization()(np.ones((1, 4, 4, 3), 'float32')).shape)}")
PY
KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
AutoContrast: (None, 4, 4, 3)
Equalization: ValueError
Equalization of a picture: (1, 4, 4, 3)
WANT

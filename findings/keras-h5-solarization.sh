#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: a model with Solarization or RandomPosterization cannot be
# saved as .h5: a module among the attributes of the layer is copied and cannot be. The same
# models are saved as .keras, and a model with RandomFlip as both.
#
# One would expect every layer whose model is saved as .keras to be saved as .h5, too.
#
# Output seen:
#   RandomFlip: .keras saved, .h5 saved
#   Solarization: .keras saved, .h5 TypeError
#   RandomPosterization: .keras saved, .h5 TypeError
#
# Run by hand; it fails if that changes. Wants python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q keras==3.15.1 jax==0.10.2 numpy==2.4.6
cat >"$dir/try.py" <<'PY'
import os
import sys

import keras
from keras import layers


def saved(layer, suffix):
    model = keras.Sequential([keras.Input((4, 4, 3)), layer])
    try:
        model.save(os.path.join(sys.argv[1], "model" + suffix))
        return "saved"
    except TypeError as e:
        return type(e).__name__


for layer in layers.RandomFlip(), layers.Solarization(), layers.RandomPosterization(4):
    print(f"{type(layer).__name__}: .keras {saved(layer, '.keras')}, .h5 {saved(layer, '.h5')}")
PY
KERAS_BACKEND=jax "$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
RandomFlip: .keras saved, .h5 saved
Solarization: .keras saved, .h5 TypeError
RandomPosterization: .keras saved, .h5 TypeError
WANT

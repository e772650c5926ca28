#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: a model with RandomShear cannot be loaded. The layer writes the
# range that it made of its factor, from -0.2 to 0.2 for 0.2, and refuses it when it reads it:
# factors are to be from 0 to 1. RandomTranslation, whose ranges are as wide, reads its own.
#
# One would expect a layer to read the config that it writes, and a saved model to load.
#
# Output seen:
#   RandomTranslation: loads
#   RandomShear: x_factor (-0.2, 0.2), TypeError
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

os.environ["KERAS_BACKEND"] = "jax"
import keras
from keras import layers

for layer in layers.RandomTranslation(0.2, 0.2), layers.RandomShear(0.2):
    name = type(layer).__name__
    path = os.path.join(sys.argv[1], name + ".keras")
    keras.Sequential([keras.Input((8, 8, 3)), layer]).save(path)
    try:
        keras.saving.load_model(path)
        print(f"{name}: loads")
    except (TypeError, ValueError) as e:
        print(f"{name}: x_factor {layer.get_config()['x_factor']}, {type(e).__name__}")
PY
"$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
RandomTranslation: loads
RandomShear: x_factor (-0.2, 0.2), TypeError
WANT

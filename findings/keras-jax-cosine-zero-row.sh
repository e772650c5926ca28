#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: with the loss CosineSimilarity, one sample whose prediction is
# all zeros makes every weight NaN in one step, although the loss is finite.
#
# The loss divides by the greater of the norm and an epsilon, so its value is right: such a
# sample counts 0. But the gradient of the norm itself at zero is 0/0, and the 0 by which
# the branch not taken is multiplied keeps it NaN. A network without biases, or one that
# ends in relu, predicts zeros easily.
#
# One would expect the gradient of that sample to be 0, as its part of the loss is constant.
#
# Output seen:
#   loss -0.3536
#   kernel [[nan, nan], [nan, nan]]
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
import keras
import numpy as np

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")])
model.compile(keras.optimizers.SGD(0.1), keras.losses.CosineSimilarity())
x = np.array([[1, 2], [0, 0]], "float32")  # of the second sample all predictions are 0
y = np.array([[1, 0], [0, 1]], "float32")
print(f"loss {float(model.train_on_batch(x, y)):.4f}")
print("kernel", np.asarray(model.layers[0].kernel.value).tolist())
PY
"$dir/venv/bin/python" "$dir/try.py" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
loss -0.3536
kernel [[nan, nan], [nan, nan]]
WANT

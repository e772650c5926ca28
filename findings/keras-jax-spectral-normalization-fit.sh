#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2: SpectralNormalization has no effect on the weights that fit
# leaves: predictions come from a kernel that was not divided, while training ran with one
# that was.
#
# The layer divides the kernel by its spectral norm when it is called in training, and stores
# it. Called directly it does: the norm falls with every call. In fit and train_on_batch the
# new value of a trainable variable that a layer assigns is dropped, only that of the vector of
# the power iteration is kept. So the trained function is not the one that predicts: with a
# learning rate of 0 the loss of training is of the divided kernel, and that of evaluate of
# the other.
#
# One would expect the same kernel after a call in training and after a step of training, and
# with a learning rate of 0 the same loss in both.
#
# Output seen:
#   called: norm 2.13, moved True
#   fit:    norm 3.99, moved True, loss 2.6784 in training, 9.4167 in evaluate
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


def build():
    keras.utils.set_random_seed(1)
    layer = keras.layers.SpectralNormalization(keras.layers.Dense(3, use_bias=False))
    model = keras.Sequential([keras.Input((2,)), layer])
    layer.layer.kernel.assign([[1, 2, 3], [0.5, -1, 2]])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model, layer, layer.vector_u.numpy().copy()


def state(layer, u):
    norm = np.linalg.norm(layer.layer.kernel.numpy(), 2)
    return f"norm {norm:.2f}, moved {not np.allclose(u, layer.vector_u.numpy())}"


x, y = np.ones((4, 2), "float32"), np.zeros((4, 3), "float32")
model, layer, u = build()
layer(x, training=True)
print("called:", state(layer, u))
model, layer, u = build()
loss = model.fit(x, y, batch_size=4, verbose=0).history["loss"][0]
print("fit:   ", state(layer, u) + f", loss {loss:.4f} in training, {model.evaluate(x, y, verbose=0):.4f} in evaluate")
PY
"$dir/venv/bin/python" "$dir/try.py" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
called: norm 2.13, moved True
fit:    norm 3.99, moved True, loss 2.6784 in training, 9.4167 in evaluate
WANT

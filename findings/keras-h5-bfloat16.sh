#!/usr/bin/env bash
# Keras 3.15.1 on JAX 0.10.2 (h5py 3.16.0, NumPy 2.4.6): a model with bfloat16 weights that
# model.save wrote as .h5 cannot be loaded again, by the same Keras in the same process.
#
# model.save gives no error: HDF5 has no bfloat16, and h5py stores the array as raw bytes of
# two (|V2), without their meaning. load_model then fails with a TypeError of JAX's, which
# names neither the file nor the variable. The same weights pass through .keras and
# .weights.h5, which note the type beside the bytes.
#
# One would expect save to refuse the type or to note it, or load_model to tell which
# variable of the file it cannot read.
#
# Output seen:
#   m.h5 kernel stored as |V2
#   m.h5 TypeError: Error interpreting argument to stage as a JAX value
#   m.keras bfloat16
#   m.weights.h5 bfloat16
#
# Run by hand; it fails if that changes. Wants python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q keras==3.15.1 jax==0.10.2 h5py==3.16.0 numpy==2.4.6
cat >"$dir/try.py" <<'PY'
import os, sys

os.environ["KERAS_BACKEND"] = "jax"
import h5py
import keras

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, dtype="bfloat16")])
path = lambda name: os.path.join(sys.argv[1], name)

model.save(path("m.h5"))
with h5py.File(path("m.h5")) as f:
    print("m.h5 kernel stored as", f["model_weights/dense/sequential/dense/kernel"].dtype)
try:
    keras.models.load_model(path("m.h5"))
    print("m.h5 loads")
except Exception as e:
    print(f"m.h5 {type(e).__name__}: {str(e).split('.')[0]}")

model.save(path("m.keras"))
print("m.keras", keras.models.load_model(path("m.keras")).layers[0].kernel.dtype)
model.save_weights(path("m.weights.h5"))
model.load_weights(path("m.weights.h5"))
print("m.weights.h5", model.layers[0].kernel.dtype)
PY
"$dir/venv/bin/python" "$dir/try.py" "$dir" 2>/dev/null | tee "$dir/got"
diff "$dir/got" - <<'WANT'
m.h5 kernel stored as |V2
m.h5 TypeError: Error interpreting argument to stage as a JAX value
m.keras bfloat16
m.weights.h5 bfloat16
WANT

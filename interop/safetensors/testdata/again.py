"""Reads FILE with the safetensors library, checks its values and writes AGAIN.

Usage: again.py FILE AGAIN. Array i of FILE, by name, is i, i+1, ... in its type.
"""
import sys

import ml_dtypes
import numpy as np
import safetensors

NUMPY = {
    "BOOL": "bool", "I8": "i1", "I16": "i2", "I32": "i4", "I64": "i8",
    "U8": "u1", "U16": "u2", "U32": "u4", "U64": "u8",
    "F16": "f2", "BF16": ml_dtypes.bfloat16, "F32": "f4", "F64": "f8",
}

with open(sys.argv[1], "rb") as f:
    read = dict(safetensors.deserialize(f.read()))
with safetensors.safe_open(sys.argv[1], framework="np") as f:
    metadata = f.metadata()
keep, specs = [], {}
for i, (name, t) in enumerate(sorted(read.items())):
    dtype = np.dtype(NUMPY[t["dtype"]])
    a = np.frombuffer(bytes(t["data"]), dtype).reshape(t["shape"])
    want = (np.arange(a.size) + i).astype(dtype).reshape(a.shape)
    assert a.tobytes() == want.tobytes(), (name, a, want)
    keep.append(a)
    specs[name] = safetensors.TensorSpec(
        dtype=dtype.name, shape=list(a.shape), data_ptr=a.ctypes.data, data_len=a.nbytes
    )
safetensors.serialize_file(specs, sys.argv[2], metadata=metadata)

"""Makes the files beside it, with numpy 2.4.6, ml_dtypes 0.6.0 and safetensors 0.8.0.

all.safetensors has every type that the library writes from Python, some of them
empty or without axes, and one line of metadata. small.safetensors has every code
of the floats of 8 bits and fewer and, under "want", its value by ml_dtypes.
"""
import json
import os
import struct

import ml_dtypes
import numpy as np
import safetensors

here = os.path.dirname(os.path.abspath(__file__))


def spec(a, dtype=None, shape=None):
    return safetensors.TensorSpec(
        dtype=dtype or a.dtype.name,
        shape=list(a.shape if shape is None else shape),
        data_ptr=a.ctypes.data,
        data_len=a.nbytes,
    )


def write(name, data):
    with open(os.path.join(here, name), "wb") as f:
        f.write(data)


DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64".split()


def everything():
    """Element i of each array is 3i, but for bool, which has i odd."""
    arrays = {}
    for name in DTYPES:
        arrays[f"{name}/matrix"] = (np.arange(6) % 2 if name == "bool" else np.arange(6) * 3).astype(name).reshape(2, 3)
    arrays["bfloat16/matrix"] = (np.arange(6) * 3).astype(ml_dtypes.bfloat16).reshape(2, 3)
    arrays["scalar"] = np.array(3, "f4")
    arrays["empty"] = np.zeros((0, 7), "i8")
    arrays['"\\\b\f\n\r\t\x01/é€😀'] = np.zeros(1, "u1")
    return arrays


def save_everything():
    arrays = everything()
    specs = {k: spec(a) for k, a in arrays.items()}
    write("all.safetensors", bytes(safetensors.serialize(specs, metadata={"made by": 'numpy "2"\n'})))


def pack(codes, bits):
    """Packs codes of a few bits each from the low bits of each byte on."""
    n = 0
    for i, c in enumerate(codes):
        n |= c << (i * bits)
    return np.frombuffer(n.to_bytes(len(codes) * bits // 8, "little"), "u1").copy()


SMALL = {
    "F8_E5M2": (8, ml_dtypes.float8_e5m2),
    "F8_E4M3": (8, ml_dtypes.float8_e4m3fn),
    "F8_E4M3FNUZ": (8, ml_dtypes.float8_e4m3fnuz),
    "F8_E5M2FNUZ": (8, ml_dtypes.float8_e5m2fnuz),
    "F8_E8M0": (8, ml_dtypes.float8_e8m0fnu),
    "F6_E2M3": (6, ml_dtypes.float6_e2m3fn),
    "F6_E3M2": (6, ml_dtypes.float6_e3m2fn),
    "F4": (4, ml_dtypes.float4_e2m1fn),
}


def save_small():
    """By hand: the library has no names for F6 in Python. It must be able to read it."""
    header, body = {}, b""

    def add(name, dtype, shape, data):
        nonlocal body
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data

    for name, (bits, dtype) in SMALL.items():
        codes = np.arange(1 << bits, dtype="u1")
        want = codes.view(dtype).astype("f4")
        add("want/" + name, "F32", [4, len(codes) // 4], want.tobytes())
        add(name, name, [4, len(codes) // 4], pack(list(map(int, codes)), bits).tobytes())
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + body
    assert len(safetensors.deserialize(data)) == len(header)
    write("small.safetensors", data)


if __name__ == "__main__":
    save_everything()
    save_small()

"""Makes the files beside it, with numpy 2.4.6 and ml_dtypes 0.6.0.

Element i of each array, row-major, is 3i, but for bool, which has i odd.
"""
import os

import ml_dtypes
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))

DTYPES = "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split()


def array(dtype, *shape):
    i = np.arange(int(np.prod(shape)))
    return (i % 2 if dtype == "b1" else i * 3).astype(dtype).reshape(shape)


def everything():
    arrays = {}
    for d in DTYPES:
        for order in "<>":
            arrays[f"{d}/{'little' if order == '<' else 'big'}"] = array(d, 2, 3).astype(order + d)
        arrays[f"{d}/fortran"] = np.asfortranarray(array(d, 2, 3, 4))
        arrays[f"{d}/scalar"] = array(d)
        arrays[f"{d}/empty"] = array(d, 0, 3)
        arrays[f"{d}/vector"] = array(d, 5)
    return arrays


def refused():
    return {
        "object": np.array([None, 1], dtype=object),
        "structured": np.zeros(2, [("a", "<f4"), ("b", "(2,3)<i2"), ("c", [("d", "S3")])]),
        "unicode": np.array(["a", "bc"]),
        "bytes": np.array([b"a", b"bc"]),
        "date": np.array(["2020-01-01"], "M8[D]"),
        "span": np.array([1], "m8[s]"),
        "complex": np.zeros(2, "c8"),
        "longdouble": np.zeros(2, np.longdouble),
        "void": np.zeros(2, "V3"),
        "float8": np.zeros(2, ml_dtypes.float8_e5m2),
        "axes": np.zeros((1,) * 9, "u1"),
    }


def save(name, a, version=None):
    with open(name, "wb") as f:
        np.lib.format.write_array(f, a, version=version)


if __name__ == "__main__":
    np.savez_compressed("all.npz", **everything())
    np.savez("stored.npz", a=array("f4", 2, 3), **{"b/c": array("i8")})
    np.savez_compressed("refused.npz", **refused())
    for v in (1, 2, 3):
        save(f"v{v}.npy", array("f4", 2, 3), (v, 0))
    save("bfloat16.npy", array("f4", 2, 3).astype(ml_dtypes.bfloat16))

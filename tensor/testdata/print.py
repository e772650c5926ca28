# Writes print.json: arrays as NumPy prints them. Run with NumPy 2.4.6:
#   python print.py > print.json
import base64
import hashlib
import json
import zlib

import numpy as np

np.seterr(all="ignore")
rng = np.random.default_rng(1)
arrays = []


def add(a, *dtypes):
    for dt in dtypes or [np.asarray(a).dtype]:
        arrays.append(np.asarray(a).astype(dt))


floats = ["float16", "float32", "float64"]
for v in [0, -0.0, 1e-4, 9.9e-5, 999, 1000, 12345, 999999, 1e6, 1e16, 3e7, np.inf, -np.inf, np.nan, 0.1, 1 / 3, -2.5]:
    add(v, *floats)
add([], *floats, "int8")
add(np.zeros((2, 0, 3)), "float32")
add([1, 2, 3], *floats)
add([0.5, -1, 2.25], *floats)
add([0.1, 1 / 3, 1e3], *floats)
add([1e-5, 1], *floats)
add([1e-4, 1e-3], *floats)
add([1, 1000, 1001], *floats)
add([1e8, 1], *floats)
add([1e100, -1e-100, 3], "float64")
add([np.nan, 1, np.inf], *floats)
add([np.nan, -np.inf], *floats)
add([np.nan, 1e-7, -np.inf], *floats)
add([np.inf, 123.5, 0.25], *floats)
add([np.nan], *floats)
add([0, 0, -0.0], *floats)
add([0.1 + 0.2, 123456.789], *floats)
add([0.123456785, 0.5], *floats)
add([0.000123456789123, 0.1], *floats)
add([5e-324, 1.7976931348623157e308], "float64")
add([[1, 2], [3, 4]], *floats, "int64", "uint8", "bool")
add([[True, False], [False, False]], "bool")
add(True, "bool")
add(7, "uint8", "int64")
add(-7, "int16")
add([-128, 127, 0], "int8")
add(np.array([0, 2**64 - 1], "uint64"))
add([-(2**63), 1], "int64")
add(np.arange(24).reshape(2, 3, 4), "int32", *floats)
add(np.arange(24).reshape(1, 2, 3, 4) / 7, *floats)
add(np.arange(100), "int64", *floats)
add(np.arange(1000), "int64", "float32")
add(np.arange(1001), "int64", "float32")
add(np.arange(2400).reshape(40, 60), "int32", "float32")
add(np.arange(2400).reshape(2, 20, 60), "int32")
add(np.arange(1200).reshape(6, 4, 50) / 9, "float32")
add(np.arange(8 * 7 * 8 * 9).reshape(8, 7, 8, 9), "int32")
add(np.ones((2, 2, 1, 1, 2, 1, 2, 2)), "float32")
add(np.full((1, 600), 1234567890123456789), "int64")
for scale in [1e-6, 1e-3, 1, 1e3, 1e6]:
    for shape in [(5,), (3, 4), (2, 3, 5), (30,)]:
        add(rng.standard_normal(shape) * scale, *floats)

cases = []
for a in arrays:
    data = base64.b64encode(zlib.compress(a.tobytes(), 9)).decode()
    cases.append(json.dumps({"dtype": a.dtype.name, "shape": list(a.shape), "zlib": data, "text": str(a)}))

halves = np.arange(65536, dtype=np.uint16).view(np.float16)
text = "\n".join(str(np.array(h)) for h in halves)
digest = hashlib.sha256(text.encode()).hexdigest()
print('{"numpy": "%s", "halves_sha256": "%s", "cases": [' % (np.__version__, digest))
print(",\n".join(cases))
print("]}")

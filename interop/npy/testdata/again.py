"""Reads what glia wrote with NumPy, checks its values and writes it again.

Usage: again.py DIR. Every DIR/NAME.npy, and every array of DIR/glia.npz, is
0, 1, 2, ... in its type. NumPy's bytes go to DIR/again/NAME.npy, and the arrays of
the archive to DIR/again/numpy.npz and, compressed, numpy-deflate.npz.
"""
import glob
import os
import sys

import numpy as np

os.chdir(sys.argv[1])
os.mkdir("again")


def check(name, a):
    if a.dtype.kind == "V":
        import ml_dtypes

        a = a.view(ml_dtypes.bfloat16)
    want = np.arange(a.size).astype(a.dtype).reshape(a.shape)
    assert a.tobytes() == want.tobytes(), (name, a, want)
    return a


for name in glob.glob("*.npy"):
    np.save(os.path.join("again", name), check(name, np.load(name)))
arrays = {}
for archive in ("glia.npz", "glia-deflate.npz"):
    with np.load(archive) as z:
        arrays = {name: check(name, z[name]) for name in z.files}
np.savez("again/numpy.npz", **arrays)
np.savez_compressed("again/numpy-deflate.npz", **arrays)

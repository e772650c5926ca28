"""Times one loading or saving of weights by h5py or safetensors, as files/main.go does for glia."""

import json
import os
import resource
import sys
import time

import numpy as np

TASK, FILE, LAYERS = sys.argv[1], sys.argv[2], int(sys.argv[3])


def weights():
    """Return the same arrays that glia's model has."""
    rng = np.random.default_rng(1)
    return {
        f"layers/dense{'' if i == 0 else f'_{i}'}/vars/{j}": rng.random(shape, dtype=np.float32)
        for i in range(LAYERS)
        for j, shape in enumerate([(1000, 1000), (1000,)])
    }


def synced():
    """Make the file as lasting as glia makes it."""
    with open(FILE, "rb+") as f:
        os.fsync(f.fileno())


def load_h5py():
    import h5py

    loaded = []
    with h5py.File(FILE) as f:
        f.visititems(lambda _, o: loaded.append(o[()]) if isinstance(o, h5py.Dataset) else None)
    return loaded


def save_h5py(arrays):
    import h5py

    with h5py.File(FILE, "w") as f:
        for name, a in arrays.items():
            f[name] = a
    synced()


def load_safetensors():
    from safetensors.numpy import load_file

    return load_file(FILE)


def save_safetensors(arrays):
    from safetensors.numpy import save_file

    save_file(arrays, FILE)
    synced()


library = {".h5": "h5py", ".safetensors": "safetensors"}[FILE[FILE.rindex(".") :]]
__import__(library)
do = globals()[f"{TASK.split()[0]}_{library}"]
arguments = [weights()] if TASK == "save" else []
start = time.perf_counter()
kept = do(*arguments)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
print(json.dumps({"seconds": seconds, "bytes": os.path.getsize(FILE), "peak": peak}))

"""Makes small files in the form of Keras's imdb.npz and reuters.npz, and golden.json, what load_data makes of them.

    pip install keras==3.15.1 numpy && python golden.py
"""
import json
import pathlib

import keras.src.datasets.imdb as imdb
import keras.src.datasets.reuters as reuters
import numpy as np

here = pathlib.Path(__file__).parent
r = np.random.RandomState(5)


def lists(n):
    out = np.empty(n, dtype=object)
    for i in range(n):
        out[i] = [int(v) for v in r.zipf(1.5, r.randint(1, 30)) % 70000 + 1]
    return out


np.savez_compressed(here / "imdb.npz", x_train=lists(30), y_train=r.randint(0, 2, 30), x_test=lists(20), y_test=r.randint(0, 2, 20))
np.savez(here / "reuters.npz", x=lists(41), y=r.randint(0, 46, 41).astype("int32"))
out = []
for module, name in [(imdb, "imdb"), (reuters, "reuters")]:
    module.get_file = lambda *a, name=name, **k: str(here / (name + ".npz"))
    cases = [{}, {"num_words": 100, "skip_top": 5}, {"maxlen": 15}, {"start_char": None}, {"oov_char": None, "num_words": 50},
             {"index_from": 0, "start_char": None, "seed": 7}, {"start_char": 9, "oov_char": 8, "index_from": 12, "num_words": 40}]
    if name == "reuters":
        cases.append({"test_split": 0.35})
    for kw in cases:
        (x, y), (xt, yt) = module.load_data(**kw)
        out.append({"file": name, "args": kw, "x": [[int(v) for v in s] for s in x], "y": [int(v) for v in y], "xt": [[int(v) for v in s] for s in xt], "yt": [int(v) for v in yt]})
(here / "golden.json").write_text(json.dumps(out))

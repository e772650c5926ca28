"""Makes ctcdecode.json, what keras.ops.ctc_decode makes of logits.

    pip install keras==3.15.1 jax==0.10.2 && KERAS_BACKEND=jax python ctcdecode.py
"""
import json
import pathlib

import numpy as np
from keras import ops

here = pathlib.Path(__file__).parent
r = np.random.RandomState(3)
out = []
for batch, times, classes in [(3, 6, 4), (2, 5, 3)]:
    for scale in [2.0]:
        x = (scale * r.randn(batch, times, classes)).astype("float32")
        lengths = [int(v) for v in r.randint(1, times + 1, batch)]
        for kw in [{}, {"merge_repeated": False}, {"mask_index": classes - 1}, {"strategy": "beam_search", "beam_width": 100, "top_paths": 1},
                   {"strategy": "beam_search", "beam_width": 3, "top_paths": 2}, {"strategy": "beam_search", "beam_width": 8, "top_paths": 2, "mask_index": 1}]:
            p, s = ops.ctc_decode(x, np.array(lengths, "int32"), **kw)
            out.append({"shape": x.shape, "x": x.ravel().tolist(), "lengths": lengths, "args": kw, "paths": np.array(p).ravel().tolist(), "pathshape": p.shape, "scores": [float(v) if np.isfinite(v) else -1e30 for v in np.array(s).ravel()]})
(here / "ctcdecode.json").write_text(json.dumps(out))

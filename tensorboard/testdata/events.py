"""Prints, as JSON, what TensorBoard loads from a directory of event files.

    python events.py DIRECTORY
"""

import json
import sys

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.util import tensor_util


def plain(a):
    if a.dtype.kind in "OS":
        return [len(x) if x[:4] == b"\x89PNG" else x.decode() for x in a.reshape(-1).tolist()]
    return a.tolist()


acc = plugin_event_accumulator.EventAccumulator(sys.argv[1], size_guidance={"tensors": 0, "graph": 1})
acc.Reload()
tags = acc.Tags()
out = {"tags": {}, "graph": None}
for tag in tags["tensors"]:
    meta = acc.SummaryMetadata(tag)
    if meta.plugin_data.plugin_name == "graphs":  # see below
        continue
    out["tags"][tag] = {
        "plugin": meta.plugin_data.plugin_name,
        "class": meta.data_class,
        "events": [[e.step, plain(tensor_util.make_ndarray(e.tensor_proto))] for e in acc.Tensors(tag)],
    }
if tags["graph"]:
    out["graph"] = [[n.name, n.op, list(n.input), [[d.size for d in s.dim] for s in n.attr["_output_shapes"].list.shape]]
                    for n in acc.Graph().node]
old = event_accumulator.EventAccumulator(sys.argv[1])
old.Reload()
assert set(out["tags"]) <= set(old.Tags()["tensors"])
json.dump(out, sys.stdout)

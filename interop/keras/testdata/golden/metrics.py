"""Writes metrics.json: what Keras computes for the metrics that are no losses, over three
batches, without weights of samples and with them.

    python -m venv venv && venv/bin/pip install keras==3.15.1 numpy==2.4.6 jax==0.10.2
    KERAS_BACKEND=jax venv/bin/python metrics.py > metrics.json

R2Score has one output where it has regressors: with more of them Keras 3.15 counts
numbers, Keras 3.16 samples.
"""
import json
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

rng = np.random.default_rng(4)
cases = []


def pack(x):
    x = np.asarray(x)
    if x.dtype == np.float64:
        x = x.astype(np.float32)
    if x.dtype == np.int64:
        x = x.astype(np.int32)
    data = [float(str(v)) if x.dtype == np.float32 else v.item() for v in x.ravel()]
    return {"dtype": str(x.dtype), "shape": list(x.shape), "data": data}


def ints(n, *shape, low=0):
    return lambda b: rng.integers(low, n, size=(b, *shape)).astype(np.int32)


def floats(*shape):
    return lambda b: np.round(rng.uniform(0, 1, size=(b, *shape)), 3).astype(np.float32)


def normal(*shape):
    return lambda b: np.round(rng.normal(size=(b, *shape)), 3).astype(np.float32)


def hot(n, *shape):
    return lambda b: np.eye(n, dtype=np.float32)[rng.integers(0, n, size=(b, *shape))]


def ids(n, k):
    return lambda b: np.stack([rng.permutation(n)[:k] for _ in range(b)]).astype(np.int32)


table = []


def add(name, labels, predictions, weights=True, **kw):
    table.append((name, kw, labels, predictions, weights))


add("Accuracy", ints(3), ints(3))
add("Accuracy", ints(3, 2), ints(3, 2))
add("BinaryAccuracy", ints(2, 1), floats(1))
add("BinaryAccuracy", ints(2, 3), floats(3), threshold=0.75)
add("CategoricalAccuracy", hot(5), floats(5))
add("SparseCategoricalAccuracy", ints(5), floats(5))
add("SparseCategoricalAccuracy", ints(5, 1), floats(5))
add("TopKCategoricalAccuracy", hot(7), floats(7), k=3)
add("SparseTopKCategoricalAccuracy", ints(7), floats(7))
add("SparseTopKCategoricalAccuracy", ints(7), ids(7, 4), k=3, from_sorted_ids=True)

for curve in ["ROC", "PR", "PRGAIN"]:
    for method in ["interpolation", "minoring", "majoring"]:
        add("AUC", ints(2, 1), floats(1), curve=curve, summation_method=method)
        add("AUC", ints(2, 3), floats(3), curve=curve, summation_method=method, num_thresholds=11, multi_label=True)
add("AUC", ints(2), floats(), num_thresholds=2)
add("AUC", ints(2, 3), normal(3), from_logits=True)
add("AUC", ints(2, 3), floats(3), thresholds=[0.8, 0.1, 0.3], curve="PR")
add("AUC", ints(2, 3), floats(3), thresholds=[0.75, 0.25, 0.5], curve="ROC")
add("AUC", ints(2, 3), floats(3), thresholds=[0.3, 0.6, 0.65], multi_label=True, num_labels=3)

for name in ["Precision", "Recall"]:
    for kw in [{}, {"thresholds": 0.7}, {"thresholds": [0.9, 0.2, 0.5, 0.2]}, {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]},
               {"top_k": 2}, {"class_id": 1}, {"top_k": 1, "class_id": 2}, {"top_k": 2, "thresholds": [0.5, 0.9]},
               {"top_k": 2, "thresholds": [0.0, 0.5, 1.0]}]:
        add(name, ints(2, 3), floats(3), **kw)
for name in ["TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"]:
    add(name, ints(2, 3), floats(3))
    add(name, ints(2), floats(), thresholds=[0.6, 0.3])
    add(name, ints(2, 3), normal(3), thresholds=[0.0, 0.5, 1.0])
for name in ["PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity"]:
    key = name.split("At")[1].lower()
    add(name, ints(2, 1), floats(1), **{key: 0.5})
    add(name, ints(2, 3), floats(3), num_thresholds=9, class_id=1, **{key: 0.6})
    add(name, ints(2, 3), floats(3), num_thresholds=1, **{key: 0.1})
    add(name, ints(2), floats(), weights=False, **{key: 1.0})  # Keras's float32 sums miss 1 with weights

for average in [None, "micro", "macro", "weighted"]:
    add("F1Score", ints(2, 3), floats(3), average=average)
    add("FBetaScore", ints(2, 3), floats(3), average=average, beta=2.0, threshold=0.4)

add("IoU", ints(4), ints(4), num_classes=4, target_class_ids=[0, 2])
add("IoU", ints(4, 2, 2), ints(4, 2, 2), weights=False, num_classes=4, target_class_ids=[1, 3, 3], ignore_class=0)
add("IoU", ints(4), floats(4), num_classes=4, target_class_ids=[1], sparse_y_pred=False, dtype="float32")
add("IoU", hot(4), ints(4), num_classes=4, target_class_ids=[1], sparse_y_true=False)
add("BinaryIoU", ints(2), floats())
add("BinaryIoU", ints(2), floats(), threshold=0.3, target_class_ids=[1], dtype="float32")
add("MeanIoU", ints(5), ints(5), num_classes=5)  # of others, glia refuses labels and counts predictions as wrong
add("MeanIoU", ints(5), ints(5), num_classes=5, ignore_class=2, dtype="float32")
add("OneHotIoU", hot(4), floats(4), num_classes=4, target_class_ids=[1, 2])
add("OneHotIoU", hot(4), ints(4), num_classes=4, target_class_ids=[1, 2], sparse_y_pred=True, ignore_class=3)
add("OneHotMeanIoU", hot(4), floats(4), num_classes=4)
add("OneHotMeanIoU", hot(4), ints(4), num_classes=4, sparse_y_pred=True, dtype="float32")

for name in ["ConcordanceCorrelation", "PearsonCorrelation", "CosineSimilarity"]:
    add(name, normal(4), normal(4))
    add(name, normal(4), normal(4), weights=False, axis=0)
    add(name, normal(2, 3), normal(2, 3), axis=[1, 2] if name != "CosineSimilarity" else 1)
add("LogCoshError", normal(4), normal(4))
add("RootMeanSquaredError", normal(4), normal(4))
add("RootMeanSquaredError", normal(), normal(1))
for how in [None, "uniform_average", "variance_weighted_average"]:
    add("R2Score", normal(3), normal(3), class_aggregation=how)
    add("R2Score", normal(1), normal(1), class_aggregation=how, num_regressors=4)
    add("R2Score", normal(1), normal(1), class_aggregation=how, num_regressors=40)
add("Mean", None, normal())
add("Mean", None, normal(3))
add("Sum", None, normal())
add("Sum", None, normal(3))

for i, (name, kw, labels, predictions, weights) in enumerate(table):
    for weighted in [False, True] if weights else [False]:
        args = {k: tuple(v) if k == "axis" and isinstance(v, list) else v for k, v in kw.items()}
        m, history = getattr(keras.metrics, name)(**args), []
        for b in [6, 6, 3]:
            batch = [f(b) for f in (labels, predictions) if f]
            step = {"op": "update_state", "args": [pack(x) for x in batch], "kwargs": {}}
            weight = np.round(rng.uniform(0, 3, b), 2).astype(np.float32)
            if weighted:
                step["kwargs"]["sample_weight"] = pack(weight)
            m.update_state(*batch, sample_weight=weight if weighted else None)
            history.append(step)
        cases.append({
            "kind": "metric", "api": "keras.metrics." + name, "id": f"{name}.{i}.{weighted}",
            "config": {"class_name": name, "config": m.get_config() | ({"axis": kw["axis"]} if "axis" in kw else {})},
            "history": history, "expected_all": [pack(m.result())], "rtol": 1e-4, "atol": 1e-5,
        })

print(json.dumps({"keras": keras.__version__, "cases": cases}, separators=(",", ":")).replace('{"kind"', '\n{"kind"'))

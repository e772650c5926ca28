"""Trains models with Keras for glia to go on with, and goes on with those of glia:

    python realkeras.py write DIR 0/2    makes a folder a model, the first half of all
    python realkeras.py check DIR 0/2    checks such folders and writes DIR/said0.json
    python realkeras.py zip FILE 0/1     zips a few folders, for machines without Keras: policies.zip

A folder has

    model.keras, model.h5, model.weights.h5
    io.npz    x_0, ... and y_0, ... for its inputs and outputs; out_0, ..., what it predicts of
              x; and if it is compiled, eval,
              its loss and metrics, and unless a step draws random numbers next_0, next_1,
              ..., the weights after one more step on x and y

Made for Keras 3.15.1 on JAX.
"""

import json
import logging
import os
import re
import shutil
import sys
import tempfile
import warnings
import zipfile
import zlib

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")  # without it float64 is float32
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import h5py
import keras
import numpy as np
from keras import initializers, layers, losses, metrics, optimizers

import configs

FILES = ("model.keras", "model.h5", "model.weights.h5")
# Models in policies.zip.
ZIPPED = ("policy mixed_bfloat16 but for the last", "policy mixed_float16 and penalties", "policy mixed_bfloat16 in a graph", "policies of layers")
PART, PARTS = (int(n) for n in sys.argv[3].split("/"))


# Metrics beside those of configs.py.
METRICS = [
    metrics.AUC(num_thresholds=20), metrics.PrecisionAtRecall(0.5, num_thresholds=20), metrics.RecallAtPrecision(0.5, num_thresholds=20),
    metrics.SensitivityAtSpecificity(0.5, num_thresholds=20), metrics.SpecificityAtSensitivity(0.5, num_thresholds=20),
    metrics.ConcordanceCorrelation(), metrics.PearsonCorrelation(), metrics.OneHotIoU(num_classes=3, target_class_ids=[0, 2]),
    metrics.OneHotMeanIoU(num_classes=3), metrics.CosineSimilarity(), metrics.LogCoshError(), metrics.R2Score(), metrics.RootMeanSquaredError(),
    metrics.IoU(num_classes=3, target_class_ids=[0, 2], sparse_y_pred=False), metrics.MeanIoU(num_classes=3, sparse_y_pred=False),
]


OPTIMIZERS = {
    "decay": optimizers.SGD(0.5, weight_decay=0.25), "rmsprop": optimizers.RMSprop(), "rmsprop momentum": optimizers.RMSprop(momentum=0.5),
    "rmsprop centered": optimizers.RMSprop(centered=True), "ema": optimizers.Adam(use_ema=True), "accumulation": optimizers.SGD(gradient_accumulation_steps=2),
    "LossScaleOptimizer": optimizers.LossScaleOptimizer(optimizers.Adam()),
    "MultiOptimizer": optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.1, momentum=0.5), {".*bias": optimizers.Adam()})),
}
# Models that Keras cannot write to an .h5 file, or not read from there again: it names
# two variables of an optimizer alike, does not know another, and no bfloat16.
NO_H5 = ("Adafactor", "Lamb", "bfloat16")
# Parts of the names of others: some layers of pictures hold a module, which it cannot copy, and
# operations are no layers that it knows.
SOME_NO_H5 = ("with a mask", "Rand", "AugMix", "Solarization", "AutoContrast", "Equalization", "Resizing")


# Parts of the names of layers without weights, of which a step of training shows nothing; some
# make pixels of 255, of which the loss overflows where glia takes it from logits, Keras on JAX
# takes minutes to compile RandAugment and AugMix, and cannot train some that change shapes.
WEIGHTLESS = ("Pooling", "UpSampling", "Padding", "Cropping", "CenterCrop", "Resizing", "AutoContrast", "Solarization", "Random", "RandAugment", "AugMix",
              "MixUp", "CutMix", "MaxNum", "Pipeline")

# Parts of the names of layers that draw random numbers in training, or do more than otherwise.
RANDOM = ("Dropout", "Noise", "Rand", "AugMix", "MixUp", "CutMix", "Equalization")


def softmax(*inside, shape=(4,), **args):
    return keras.Sequential([keras.Input(shape), *inside, layers.Dense(3, activation="softmax")], **args)


def merged(layer):
    """A model of two inputs and a layer that merges them."""
    m = configs.merged(layer)
    return keras.Model(m.inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(m.outputs[0])))


def under(policy, make):
    keras.config.set_dtype_policy(policy)
    try:
        return make()
    finally:
        keras.config.set_dtype_policy("float32")


def with_policy(dtype):
    return under(dtype, lambda: softmax(layers.Dense(4, "tanh"), layers.Dense(4, "tanh")))


def last_in_full():
    """What Keras advises: predictions in float32."""
    return keras.Sequential([keras.Input((4,)), layers.Dense(4, "tanh"), layers.Dense(3), layers.Activation("softmax", dtype="float32")])


def regularized():
    return softmax(layers.Dense(4, layers.LeakyReLU(0.25), kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l1l2"))


def of_policies():
    """A policy a layer, and networks in a network."""
    inner = under("mixed_bfloat16", lambda: keras.Sequential([layers.Dense(4, name="a"), layers.Dense(4, "tanh", dtype="float32", name="b")], name="inner"))
    return softmax(layers.Dense(4, "tanh", dtype="mixed_float16"), inner, layers.Dense(4, dtype="float64"), layers.Flatten(dtype="float16"))


def branches():
    """A graph of layers, with predictions in float32."""
    x = keras.Input((4,))
    y = layers.Add()([layers.Dense(4, "tanh")(x), layers.Dense(4, dtype="float32")(x)])
    return keras.Model(x, layers.Dense(3, "softmax", dtype="float32")(layers.Concatenate()([x, y])))


def nested():
    inner = keras.Sequential([layers.Dense(4, name="b")], name="deep")
    return keras.Sequential([layers.Dense(4, "tanh", name="a", trainable=False), inner], name="block")


def frozen():
    m = keras.Sequential([layers.Dense(4, "tanh"), layers.Dense(4)])
    m.trainable = False
    return m


def case(model, optimizer="sgd", loss="categorical_crossentropy", metrics=(), steps=2, labels=0, **more):
    """Labels is how many of them a sample has, 0 for its class alone. More is for compile."""
    return dict(model=model, optimizer=optimizer, loss=loss, metrics=metrics, steps=steps, labels=labels, more=more)


def is_sparse(x):
    """Whether a loss or a metric takes numbers of classes."""
    name = configs.label(x)
    return "sparse" in name.lower() or name in ("Circle", "CategoricalGeneralizedCrossEntropy", "IoU", "MeanIoU")


def grouped(metrics):
    """Puts metrics into as few lists as can be without the same rule twice in one."""
    groups = []
    for x in metrics:
        rule = x
        if x not in ("acc", "accuracy"):  # what these are follows from shapes
            rule = keras.src.utils.naming.to_snake_case(configs.label(keras.metrics.get(x)))
        group = next((g for g in groups if rule not in g), None)
        if group is None:
            groups.append(group := {})
        group[rule] = x
    return [list(g.values()) for g in groups]


def cases():
    """Names of models, and what makes them and how they are trained."""
    for name, (shape, layer) in configs.LAYERS.items():
        trained = None if any(w in name for w in WEIGHTLESS) else "sgd"
        # RandomCrop makes other pictures in training than otherwise, of which Dense takes one size.
        flat = layers.GlobalAveragePooling2D if name.startswith("RandomCrop") else layers.Flatten
        yield "layer " + name, lambda: case(softmax(layer(), flat(), shape=shape), trained, steps=1)
    for name, (shape, layer) in configs.RECURRENT.items():
        yield "layer " + name, lambda: case(softmax(layer(), layers.Flatten(), shape=shape), steps=1)
    for name, layer in configs.MERGES.items():
        yield "merge " + name, lambda: case(merged(layer()), steps=1)
    yield "graph", lambda: case(configs.graph(), "adam", {"one": "categorical_crossentropy", "two": "mse"}, loss_weights={"one": 2.0, "two": 0.25},
                                metrics={"one": ["accuracy", keras.metrics.AUC(num_thresholds=20)]}, weighted_metrics=[["mae"], []])
    yield "graph with one loss", lambda: case(configs.graph(), optimizers.SGD(0.1, momentum=0.5))
    yield "graph without forks", lambda: case(configs.straight(), "adam", loss_weights=[0.5], metrics=["accuracy"])
    for i in range(4):
        some = [a for a in configs.ACTIVATIONS if a not in ("glu", "sparsemax")][i::4]
        yield f"activations {i}", lambda: case(softmax(*(layers.Dense(4, activation=name) for name in some)))
    # Keras takes the output of glu for as long as its input, so that nothing may follow.
    yield "activation glu", lambda: case(keras.Sequential([keras.Input((4,)), layers.Dense(6, "glu")]), loss="mse")
    # A sparsemax of Keras gives 0 where many elements would stay.
    yield "activation sparsemax", lambda: case(softmax(layers.Activation("sparsemax"), layers.Dense(4), layers.Activation("sparsemax")))
    yield "initializer STFT", lambda: case(softmax(layers.PReLU(alpha_initializer=initializers.STFT()), layers.Flatten(), shape=(4, 1, 5)))
    yield "initializers", lambda: case(softmax(*(layers.Dense(4, "tanh", kernel_initializer=i) for i in configs.INITIALIZERS)))
    for i, some in enumerate(grouped(x for x in configs.METRICS + METRICS if not is_sparse(x))):
        yield f"metrics {i}", lambda: case(softmax(), metrics=some)
    for i, some in enumerate(grouped(x for x in configs.METRICS + METRICS if is_sparse(x))):
        yield f"metrics sparse {i}", lambda: case(softmax(), loss="sparse_categorical_crossentropy", metrics=some)
    for x in ("mse", losses.mean_absolute_error, losses.CategoricalCrossentropy(label_smoothing=0.25), losses.MeanAbsoluteError(reduction="sum")):
        yield "loss given as " + configs.label(x), lambda: case(softmax(), loss=x)
    for i, x in enumerate(configs.OPTIMIZERS):
        yield f"optimizer {i} {configs.label(x)}", lambda: case(softmax(layers.Dense(4, "tanh")), x)
    for name, x in OPTIMIZERS.items():
        yield "optimizer " + name, lambda: case(softmax(layers.Dense(4, "tanh")), x)
    yield "names", lambda: case(softmax(layers.Dense(5, "relu", name="first"), nested(), layers.Dropout(0.0, name="nothing"), name="mine"),
                                optimizers.Adam(0.01, name="rule"))
    yield "frozen", lambda: case(softmax(layers.Dense(4), frozen(), layers.Dense(4)), optimizers.RMSprop(momentum=0.5))
    yield "not compiled", lambda: case(softmax(layers.Dense(4, "relu")), None)
    yield "not trained", lambda: case(softmax(layers.Dense(4, "relu")), "adam", steps=0)
    yield "without input", lambda: case(keras.Sequential([layers.Dense(4, "relu"), layers.Dense(3, "softmax")]), "adam")
    for dtype in ("float64", "float16", "bfloat16"):
        yield "input of " + dtype, lambda: case(keras.Sequential([keras.Input((4,), dtype=dtype), layers.Dense(4, "tanh"), layers.Dense(3, "softmax")]))
        yield dtype, lambda: case(with_policy(dtype), optimizers.SGD(0.1, momentum=0.5))
    for policy in ("mixed_bfloat16", "mixed_float16"):
        yield f"policy {policy} of all", lambda: case(with_policy(policy), optimizers.SGD(0.1, momentum=0.5), metrics=["acc", "mse"])
        yield f"policy {policy} but for the last", lambda: case(under(policy, last_in_full), optimizers.SGD(0.1), metrics=["acc", "mse"])
        yield f"policy {policy} in a graph", lambda: case(under(policy, branches), optimizers.SGD(0.1))
        # With Keras's first scale a gradient by a small probability overflows float16; glia's is by the logits.
        scaled = optimizers.LossScaleOptimizer(optimizers.SGD(0.1), initial_scale=64.0) if "float16" == policy[6:] else optimizers.SGD(0.1)
        yield f"policy {policy} and penalties", lambda: case(under(policy, regularized), scaled)
    yield "policies of layers", lambda: case(of_policies(), optimizers.SGD(0.1))
    for name, (shape, layer) in configs.LAYERS.items():
        if " " in name or any(w in name for w in (*WEIGHTLESS, "Conv")):
            continue  # one of each class; sums of bfloat16 over many places differ by their order
        yield "mixed layer " + name, lambda: case(under("mixed_bfloat16", lambda: softmax(layer(), layers.Flatten(), shape=shape)), optimizers.SGD(0.1), steps=1)
    yield "loss CTC", lambda: case(keras.Sequential([keras.Input((6, 4)), layers.Dense(5)]), loss=losses.CTC(), labels=2)


def default_metric(name):
    """A metric as it is by default; None for a base class, and for one that wants arguments."""
    try:
        x = getattr(metrics, name)()
        return x if name not in ("Mean", "Metric", "Sum") else None
    except Exception:
        return None


def of_classes():
    """Models of every class of Keras's, as it is by default."""
    kinds = classes()
    for name in kinds["activation"]:
        if name not in configs.ACTIVATIONS:
            yield "activation " + name, lambda: case(softmax(layers.Dense(4, activation=name)))
    for name in kinds["initializer"]:
        if name not in map(configs.label, configs.INITIALIZERS):
            yield "initializer " + name, lambda: case(softmax(layers.Dense(4, kernel_initializer=name)))
    for name in kinds["regularizer"]:
        yield "regularizer " + name, lambda: case(softmax(layers.Dense(4, "tanh", kernel_regularizer=name, bias_regularizer="l1", activity_regularizer="l2")))
    for name in kinds["loss"]:
        yield "loss " + name, lambda: case(softmax(), loss=getattr(losses, name)())
    rest = [x for x in map(default_metric, kinds["metric"]) if x and configs.label(x) not in map(configs.label, configs.METRICS + METRICS)]
    for sparse, loss in ((False, "mse"), (True, "sparse_categorical_crossentropy")):
        for i, some in enumerate(grouped(x for x in rest if is_sparse(x) is sparse)):
            yield f"metrics of classes {loss} {i}", lambda: case(softmax(), loss=loss, metrics=some)
    for name in kinds["optimizer"]:
        if name not in map(configs.label, configs.OPTIMIZERS) and name not in OPTIMIZERS:
            yield "optimizer " + name, lambda: case(softmax(layers.Dense(4, "tanh")), getattr(optimizers, name)())


def layer_weights(m):
    """The weights layer by layer."""
    for l in m.layers:
        yield from layer_weights(l) if isinstance(l, keras.Model) else l.weights


def values(tensors):
    return [np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(t, "float64"))) for t in tensors]


def predict(m, x):
    out = m(x, training=False)
    return values(out if isinstance(out, list) else [out])


def numbered(name, tensors):
    return {f"{name}_{i}": t for i, t in enumerate(tensors)}


def listed(io, name):
    """The tensors of a name with numbers: one by itself."""
    all = [io[f"{name}_{i}"] for i in range(len(io)) if f"{name}_{i}" in io]
    return all[0] if len(all) == 1 else all


def numbers(logs):
    """Loss and metrics, of those with several numbers the mean."""
    return np.array([np.mean(v) for v in (logs if isinstance(logs, list) else [logs])])


def train(m, x, y):
    """Takes a step and returns loss and metrics from before it."""
    m.reset_metrics()
    return numbers(m.train_on_batch(x, y))


def fit(m, x, y):
    """Takes a step as fit does, which ends with averages for weights if there are any. Returns
    loss and metrics from before it, as evaluate does."""
    of_batch = has_statistics(m) and numbers(m.evaluate(x, y, batch_size=8, verbose=0))
    got = train(m, x, y)
    m.optimizer.finalize_variable_values(m.trainable_variables)
    return got if of_batch is False else of_batch


def has_statistics(m):
    """Whether a layer takes the statistics of the batch in training."""
    return any(has_statistics(l) if isinstance(l, keras.Model) else isinstance(l, layers.BatchNormalization) for l in m.layers)


def is_random(m):
    """Whether a step gives other weights than one of glia: it draws random numbers, or Keras on
    JAX forgets that SpectralNormalization divided a kernel."""
    return any(any(w in type(l).__name__ for w in RANDOM) and getattr(l, "rate", 1) or getattr(l, "dropout", 0) or "Spectral" in type(l).__name__ for l in m.layers)


def write(to):
    for i, (name, make) in enumerate(cases()):
        if i % PARTS == PART:
            seed = zlib.crc32(name.encode())  # the same model in every run, whatever others there are
            keras.utils.set_random_seed(seed)
            write_case(os.path.join(to, name), make(), seed)
    for i, (name, make) in enumerate(of_classes()):
        folder = os.path.join(to, name)
        if i % PARTS == PART and not os.path.exists(folder):
            seed = zlib.crc32(name.encode())
            keras.utils.set_random_seed(seed)
            try:
                write_case(folder, make(), seed)
            except Exception:  # such as a base class, or one that wants arguments
                shutil.rmtree(folder, ignore_errors=True)


def write_case(folder, c, seed):
    r, m = np.random.default_rng(seed), c["model"]
    shapes = [i.shape[1:] for i in m.inputs] if m.built else [(4,)]
    io = numbered("x", [r.normal(size=(8, *s)).astype("float32") for s in shapes])
    for i in range(len(m.outputs) if m.built else 1):
        y = r.integers(0, 3, 8).astype("int32")
        if c["labels"]:
            y = r.integers(1, 4, (8, c["labels"])).astype("int32")
        elif not is_sparse(c["loss"]):
            y = np.eye(3, dtype="float32")[y]
        io[f"y_{i}"] = y
    x, y = listed(io, "x"), listed(io, "y")
    if c["optimizer"]:
        m.compile(c["optimizer"], c["loss"], metrics=c["metrics"] or None, **c["more"])
        for _ in range(c["steps"]):
            train(m, x, y)
    os.mkdir(folder)
    arrays = {**io, **numbered("out", predict(m, x))}
    for f in FILES:
        if f != "model.h5" or not folder.endswith(NO_H5) and not any(w in folder for w in SOME_NO_H5):
            save(m, os.path.join(folder, f))
    if c["optimizer"] and is_random(m):
        arrays["eval"] = numbers(m.evaluate(x, y, batch_size=8, verbose=0))
    elif c["optimizer"]:
        arrays["eval"] = fit(m, x, y)
        arrays.update({f"next_{i}": w for i, w in enumerate(values(layer_weights(m)))})
    if not all(np.isfinite(a).all() for a in arrays.values()):
        raise ValueError(f"{folder}: not finite")
    np.savez(os.path.join(folder, "io.npz"), **arrays)


def write_zip(path):
    with tempfile.TemporaryDirectory() as to, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for i, (name, make) in enumerate(cases()):
            if name not in ZIPPED:
                continue
            keras.utils.set_random_seed(i)
            write_case(os.path.join(to, name), make(), i)
            for f in ("model.keras", "model.h5", "io.npz"):
                with open(os.path.join(to, name, f), "rb") as text:
                    z.writestr(zipfile.ZipInfo(f"{name}/{f}"), text.read(), zipfile.ZIP_DEFLATED)


def save(m, path):
    (m.save_weights if path.endswith(".weights.h5") else m.save)(path)


def load(folder, f):
    path = os.path.join(folder, f)
    if f != "model.weights.h5":
        m = keras.models.load_model(path)
        if f == "model.h5" and compiled(m):
            with h5py.File(path) as h:
                restore(m, h["optimizer_weights"])
        return m
    m = keras.models.load_model(os.path.join(folder, "model.keras"))
    for v in state(m):
        v.assign(keras.ops.zeros(v.shape, v.dtype))
    m.load_weights(path)
    return m


def compiled(m):
    return getattr(m, "optimizer", None) is not None


def state(m):
    """The variables of layers and optimizer, but for what random layers draw from."""
    own = [v for v in m.variables if "seed_generator" not in v.path]
    return own + (m.optimizer.variables if compiled(m) else [])


def restore(m, group):
    """Gives a model that was loaded from an .h5 file its optimizer's state. Keras 3 does
    not: it builds the optimizer for the model's own variables, of which there are none,
    not for those of the layers, and it cannot train such a model, its own files neither."""
    assert not any(v.shape for v in m.optimizer.variables), "Keras reads the optimizer's state: no need to"
    o = m.optimizer.from_config(m.optimizer.get_config())
    o.build(m.trainable_variables)
    names = group.attrs["weight_names"]
    same(len(o.variables), len(names), "number of the optimizer's variables")
    for v, n in zip(o.variables, names):
        v.assign(group[n][()])
    m.optimizer = o


def same(want, got, what):
    if want != got:
        raise AssertionError(f"{what}: {got}, Keras has {want}")


def precision(m):
    """The dtype of the fewest bits that a model computes in."""
    def dtypes(m):
        yield from [i.dtype for i in m.inputs]
        for l in m.layers:
            yield from dtypes(l) if isinstance(l, keras.Model) else [l.dtype if isinstance(l, layers.InputLayer) else l.compute_dtype]
    found = set(dtypes(m))
    return next(d for d in ("bfloat16", "float16", "float32", "float64") if d in found)


def near_step(got, want, before, dtype, what):
    """Weights of more bits than their gradients change alike: about eight roundings lie on
    the way to a gradient, and the sum over a batch is less than what is rounded of it."""
    roundings = 16 * {"bfloat16": 2**-8, "float16": 2**-11}[dtype]
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=roundings * abs(want - before).max(), err_msg=what)


def near(got, want, dtype, what):
    # Keras computes parts of a model of float64, softmax for one, in float32.
    t = {"float64": 1e-7, "float32": 1e-5, "float16": 4e-3, "bfloat16": 3e-2}[dtype]
    np.testing.assert_allclose(got, want, rtol=t, atol=t / 10, err_msg=what)


def tree(path):
    """Groups, datasets and attributes of the weights in a file, but for what is glia's,
    what random layers draw from, the empty groups of layers that are an activation, a part of
    attention or choose among others, and what optimizers in an optimizer have once more."""
    names = {}

    def visit(name, o):
        if not re.search("^glia|seed_generator|/activation(/|$)|/_(softmax|dropout_layer)(/|$)|^optimizer/.*optimizer|/(rand_augment|aug_mix|random_color_jitter)[^/]*/", name):
            names[name] = str(getattr(o, "shape", "")) + str({k: str(v) for k, v in sorted(o.attrs.items())})
    with h5py.File(zipfile.ZipFile(path).open("model.weights.h5") if path.endswith(".keras") else path) as h:
        h.visititems(visit)
        names["/"] = str(sorted(h.attrs))
    return names


def check_file(folder, f, io, first):
    """Checks a file; of the second and third that they have what the first has."""
    m = load(folder, f)
    now = values(state(m))
    for v, got, want in zip(state(m), now, first.setdefault("state", now), strict=True):
        np.testing.assert_array_equal(got, want, err_msg=v.path)
    dtype = precision(m)
    for i, out in enumerate(predict(m, listed(io, "x"))):
        near(out, io[f"out_{i}"], dtype, f"output {i}")
    if f != "model.h5":  # paths in there depend on how Keras made a layer
        again = os.path.join(folder, "again." + f)
        save(m, again)
        a, b = tree(again), tree(os.path.join(folder, f))
        same({k: v for k, v in a.items() if b.get(k) != v}, {k: v for k, v in b.items() if a.get(k) != v}, "tree of the file")
    same(compiled(m), "eval" in io, "is compiled")
    if f == FILES[0] and compiled(m):
        check_training(m, io, dtype)


def check_training(m, io, dtype):
    if "next_0" not in io:
        near(numbers(m.evaluate(listed(io, "x"), listed(io, "y"), batch_size=8, verbose=0)), io["eval"], dtype, "loss and metrics")
        return
    before = values(layer_weights(m))
    near(fit(m, listed(io, "x"), listed(io, "y")), io["eval"], dtype, "loss and metrics")
    for i, v in enumerate(layer_weights(m)):
        w, what = values([v])[0], f"weight {i} after the next step"
        if np.dtype(v.dtype).itemsize > np.dtype(dtype).itemsize == 2:
            near_step(w, io[f"next_{i}"], before[i], dtype, what)
        else:
            near(w, io[f"next_{i}"], dtype, what)
    same(i + 1, sum(k.startswith("next_") for k in io), "weights")


def check(at):
    bad = []
    for name in sorted(n for n in os.listdir(at) if "." not in n)[PART::PARTS]:
        folder = os.path.join(at, name)
        io = dict(np.load(os.path.join(folder, "io.npz")))
        first = {}
        for f in FILES:
            if f == "model.h5" and not os.path.exists(os.path.join(folder, f)):
                continue
            try:
                check_file(folder, f, io, first)
            except Exception as e:
                bad.append({"name": f"{name}/{f}", "why": f"{type(e).__name__}: {e}"[:2000]})
    return bad


def classes():
    """What Keras has, by kinds."""
    kinds = {"layer": (keras.layers, keras.Layer), "optimizer": (keras.optimizers, keras.Optimizer), "loss": (keras.losses, keras.Loss),
             "metric": (keras.metrics, keras.Metric), "initializer": (keras.initializers, keras.Initializer),
             "regularizer": (keras.regularizers, keras.Regularizer),
             "schedule": (keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule)}
    found = {k: [n for n, c in vars(m).items() if isinstance(c, type) and issubclass(c, base) and c.__name__ == n] for k, (m, base) in kinds.items()}
    found["activation"] = [n for n, f in vars(keras.activations).items()
                           if getattr(f, "__module__", "").endswith("activations.activations") and f.__name__ == n]
    return found


if sys.argv[1] == "zip":
    write_zip(sys.argv[2])
    sys.exit()
if sys.argv[1] == "write":
    write(sys.argv[2])
    said = classes()
else:
    said = check(sys.argv[2])
with open(os.path.join(sys.argv[2], f"said{PART}.json"), "w") as out:
    json.dump(said, out)

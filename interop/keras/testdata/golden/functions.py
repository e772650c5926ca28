"""Writes functions.json: what Keras computes for its losses, activations, regularizers,
constraints, initializers that draw nothing, and small layers. What Keras 3.16 computes
otherwise than 3.15 is left out: smoothing along an axis, alpha and beta of Tversky. See cases.py.
"""
from cases import Cases, pack
import keras
import numpy as np

cases = Cases(21)
rng, f32, probabilities, add = cases.rng, cases.f32, cases.probabilities, cases.add


def unit(*shape):
    x = f32(*shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def losses():
    regression = [(f32(5, 3), f32(5, 3)), (f32(5), f32(5, 1)), (f32(5, 2, 3), f32(5, 2, 3))]
    counts = [(rng.poisson(2, (5, 3)), rng.uniform(0, 4, (5, 3)).astype(np.float32))]
    yes = [(rng.integers(0, 2, (5, 3)), rng.uniform(0, 1, (5, 3)).astype(np.float32)), (rng.integers(0, 2, (5, 2, 3)), rng.uniform(0, 1, (5, 2, 3)).astype(np.float32))]
    rows = [(np.eye(4, dtype=np.float32)[rng.integers(0, 4, 5)], probabilities(5, 4)), (probabilities(5, 2, 4), probabilities(5, 2, 4))]
    numbers = [(rng.integers(0, 4, 5), probabilities(5, 4))]
    masks = [(rng.integers(0, 2, (5, 4, 3)), rng.uniform(0, 1, (5, 4, 3)).astype(np.float32))]
    signs = [(np.sign(f32(5, 3)), f32(5, 3)), (rng.integers(0, 2, (5, 3)), f32(5, 3))]
    table = [
        ("MeanAbsolutePercentageError", regression, [{}]), ("MeanSquaredLogarithmicError", regression, [{}]),
        ("MeanSquaredError", regression, [{}]), ("MeanAbsoluteError", regression, [{}]), ("LogCosh", regression, [{}]),
        ("CosineSimilarity", [regression[0], regression[2]], [{}, {"axis": 1}, {"axis": -2}]), ("Huber", regression, [{}, {"delta": 0.4}]),
        ("Hinge", signs, [{}]), ("SquaredHinge", signs, [{}]), ("CategoricalHinge", rows, [{}]),
        ("KLDivergence", rows, [{}]), ("Poisson", counts, [{}]),
        ("CategoricalGeneralizedCrossEntropy", numbers, [{}, {"q": 0.25}]),
        ("BinaryCrossentropy", yes, [{"axis": 1}, {"axis": 0, "from_logits": True}]),
        ("CategoricalCrossentropy", rows, [{"axis": 1}, {"axis": 1, "from_logits": True}]),
        ("BinaryFocalCrossentropy", yes, [
            {}, {"gamma": 0.0}, {"gamma": 1.5, "apply_class_balancing": True}, {"from_logits": True, "label_smoothing": 0.2}, {"axis": 1}]),
        ("CategoricalFocalCrossentropy", rows, [
            {}, {"gamma": 1.0, "alpha": 0.75}, {"alpha": [0.1, 0.2, 0.3, 0.4]}, {"from_logits": True, "label_smoothing": 0.2}, {"axis": 1}]),
        ("Dice", masks, [{}, {"axis": 1}, {"axis": [1, 2]}, {"axis": [-1]}]),
        ("Tversky", masks, [{}, {"axis": [1, 2], "alpha": 0.9, "beta": 0.9}]),
        ("Circle", [(np.array([0, 1, 0, 2, 1]), unit(5, 4)), (np.array([3, 3, 3]), unit(3, 2))], [{}, {"gamma": 10.0, "margin": 0.2, "remove_diagonal": False}]),
    ]
    words = np.array([[1, 2, 0], [2, 2, 3], [3, 0, 0], [1, 1, 1], [0, 0, 0]])
    table += [("CTC", [(words, f32(5, 6, 4)), (words, f32(5, 3, 4))], [{}])]  # the latter too short for some
    weights = np.array([0.5, 1, 2, 0, 1.5], np.float32)
    for name, pairs, configs in table:
        for i, (y, p) in enumerate(pairs):
            for j, cfg in enumerate(configs):
                for reduction in ["sum_over_batch_size", "sum", "none", "mean_with_sample_weight"]:
                    for how in ["plain", "weighted", "masked", "both"]:
                        if i + j > 0 and (reduction, how) not in [("none", "plain"), ("sum_over_batch_size", "both")]:
                            continue
                        l = getattr(keras.losses, name)(reduction=reduction, **cfg)
                        config = {**l.get_config(), **cfg}
                        size = np.shape(getattr(keras.losses, name)(reduction=None, **cfg)(y, p))
                        w = np.broadcast_to(weights[:size[0]].reshape((-1,) + (1,) * (len(size) - 1)), size).copy() if len(size) and how in ["weighted", "both"] else None
                        mask = (np.arange(np.prod(size, dtype=int)) % 3 != 1).reshape(size) if len(size) and how in ["masked", "both"] else None
                        if how != "plain" and (w is None) == (mask is None) and how != "both" or how == "both" and w is None:
                            continue
                        kw = {}
                        if w is not None:
                            kw["sample_weight"] = pack(w)
                        if mask is not None:
                            kw["mask"] = pack(mask)
                            out = masked_call(l, y, p, w, mask)
                        else:
                            out = l(y, p, w)
                        add("loss", "losses." + name, f"{name}.{i}.{j}.{reduction}.{how}", [out], config=config, args=[pack(y), pack(p)], kwargs=kw)


def masked_call(l, y, p, w, mask):
    """What Loss.__call__ does with a mask of the predictions, which NumPy's arrays cannot carry."""
    from keras.src.losses.loss import reduce_weighted_values
    values = l.call(keras.ops.convert_to_tensor(y, dtype="float32"), keras.ops.convert_to_tensor(p, dtype="float32"))
    if type(l).__name__ == "Circle":
        mask = mask & (values > 0)
    return reduce_weighted_values(values, sample_weight=w, mask=mask, reduction=l.reduction, dtype=l.dtype)


def activations():
    x = np.linspace(-6, 6, 24).astype(np.float32).reshape(4, 6)
    x3 = f32(2, 4, 6)
    table = [
        ("celu", [{}, {"alpha": 0.7}]), ("glu", [{}, {"axis": 1}]), ("hard_shrink", [{}, {"threshold": 1.5}]), ("hard_tanh", [{}]), ("log_softmax", [{"axis": [1, 2]}]),
        ("relu", [{"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5}, {"max_value": 6.0}, {"negative_slope": 0.1, "threshold": 1.0}]),
        ("soft_shrink", [{}, {"threshold": 1.5}]), ("softmax", [{"axis": 1}, {"axis": [1, 2]}]), ("sparse_plus", [{}]), ("sparse_sigmoid", [{}]),
        ("sparsemax", [{}, {"axis": 1}]), ("squareplus", [{}, {"b": 0.5}]), ("tanh_shrink", [{}]),
    ]
    for name, kwargs in table:
        for i, kw in enumerate(kwargs):
            for j, v in enumerate([x3] if "axis" in kw else [x, x3]):
                call = {k: tuple(a) if isinstance(a, list) else a for k, a in kw.items()}
                f = getattr(keras.activations, name)
                add("activation", "activations." + name, f"{name}.{i}.{j}", [f(v, **call)], args=[pack(v)], kwargs=kw)
    add("activation", "activations.threshold", "threshold", [keras.activations.threshold(x, 0.5, -1.0)], args=[pack(x), 0.5, -1.0], kwargs={})


def others():
    w = f32(4, 3)
    w4 = f32(2, 2, 3, 2)
    # Keras's own "columns" fails on NumPy: they are the rows of the transpose.
    columns = keras.regularizers.OrthogonalRegularizer(0.3, "columns").get_config()
    add("regularizer", "regularizers.OrthogonalRegularizer", "OrthogonalRegularizer of columns",
        [keras.regularizers.OrthogonalRegularizer(0.3, "rows")(w.T)], config=columns, args=[pack(w)])
    for r in [keras.regularizers.OrthogonalRegularizer(0.1, "rows"), keras.regularizers.L1L2(0.1, 0.2)]:
        add("regularizer", "regularizers." + type(r).__name__, type(r).__name__, [r(w)], config=r.get_config(), args=[pack(w)])
    k = keras.constraints
    for c in [k.Constraint(), k.NonNeg(), k.MaxNorm(1.0), k.MaxNorm(1.0, axis=1), k.UnitNorm(), k.UnitNorm(axis=1), k.MinMaxNorm(0.5, 1.0, 0.3), k.MinMaxNorm(2.0, 3.0, axis=1)]:
        add("constraint", "constraints." + type(c).__name__, type(c).__name__, [c(w)], config=c.get_config(), args=[pack(w)])
    for c in [k.MaxNorm(1.0, axis=[0, 1, 2]), k.UnitNorm(axis=[0, 1])]:
        got = type(c)(**{**c.get_config(), "axis": tuple(c.axis)})(w4)
        add("constraint", "constraints." + type(c).__name__, type(c).__name__ + " over axes", [got], config=c.get_config(), args=[pack(w4)])
    k = keras.initializers
    table = [(k.Identity(), (3, 4)), (k.Identity(2.0), (4, 2)), (k.Constant(0.5), (2, 3)), (k.STFT(), (8, 1, 5)), (k.STFT("imag", "hamming", "spectrum", True), (7, 1, 5)),
             (k.STFT(window=None), (4, 1, 3)), (k.STFT(scaling=None, periodic=True), (6, 1, 4))]
    for window in ["blackman", "blackmanharris", "nuttall", "flattop", "bartlett", "triang", "cosine", "boxcar"]:
        table += [(k.STFT(window=window), (8, 1, 3)), (k.STFT(window=window, periodic=True), (7, 1, 3))]
    for i, (init, shape) in enumerate(table):
        config = {**init.get_config(), **({"gain": init.gain} if hasattr(init, "gain") else {})}
        add("initializer", "initializers." + type(init).__name__, f"{type(init).__name__}.{i}", [init(shape)], (2e-5, 2e-6), config=config, kwargs={"shape": list(shape)})
    L = keras.layers
    for l, x in [
        (L.PReLU("glorot_uniform"), f32(3, 4)), (L.PReLU("glorot_uniform", shared_axes=[1]), f32(2, 3, 4)), (L.ReLU(2.0, 0.1, 0.2), f32(3, 4)),
        (L.ELU(0.5), f32(3, 4)), (L.LeakyReLU(0.1), f32(3, 4)), (L.Softmax(axis=1), f32(3, 4, 2)), (L.Softmax(axis=(1, 2)), f32(3, 4, 2)),
        (L.ActivityRegularization(0.1, 0.2), f32(3, 4)), (L.AlphaDropout(0.4), f32(3, 4)), (L.SpatialDropout1D(0.4), f32(3, 4, 2)),
        (L.SpatialDropout2D(0.4), f32(3, 4, 2, 2)), (L.SpatialDropout3D(0.4), f32(3, 4, 2, 2, 1)), (L.Activation("sparse_plus"), f32(3, 4)),
    ]:
        y = l(x)
        w = [{"path": v.path, "value": pack(v.numpy())} for v in l.weights if "seed" not in v.path]
        cfg = {k: v for k, v in l.get_config().items() if k != "dtype"}
        add("layer", "layers." + type(l).__name__, type(l).__name__, [y], (1e-5, 1e-6), config=cfg, args=[pack(x)], kwargs={}, weights=w)


losses(), activations(), others()
cases.write("functions.py")

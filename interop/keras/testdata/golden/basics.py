"""Writes basics.json: what Keras computes for the losses, metrics, optimizers, schedules,
activations, regularizers, initializers and layers that glia has. See cases.py.
"""
from cases import Cases, pack
import keras
import numpy as np

cases = Cases(20)
rng, f32, probabilities, add = cases.rng, cases.f32, cases.probabilities, cases.add


def one_hot(labels, n):
    return np.eye(n, dtype=np.float32)[labels]


def losses():
    labels = rng.integers(0, 4, size=6)
    many = rng.integers(0, 4, size=(6, 2))
    weight = np.array([0.5, 1, 2, 0, 1.5, 1], np.float32)
    inputs = {
        "MeanSquaredError": [(f32(6, 3), f32(6, 3)), (f32(6), f32(6, 1))],
        "MeanAbsoluteError": [(f32(6, 3), f32(6, 3)), (f32(6, 2, 3), f32(6, 2, 3))],
        "BinaryCrossentropy": [(rng.integers(0, 2, size=(6, 3)), rng.uniform(0, 1, (6, 3)).astype(np.float32)),
                               (rng.integers(0, 2, size=6), rng.uniform(0, 1, (6, 1)).astype(np.float32))],
        "CategoricalCrossentropy": [(one_hot(labels, 4), probabilities(6, 4)), (probabilities(6, 4), 3 * probabilities(6, 4)),
                                    (one_hot(labels, 4), one_hot(labels[::-1], 4))],
        "SparseCategoricalCrossentropy": [(labels, probabilities(6, 4)), (labels[:, None], probabilities(6, 4)),
                                          (many, probabilities(6, 2, 4))],
    }
    configs = {
        "BinaryCrossentropy": [{}, {"label_smoothing": 0.1}],
        "CategoricalCrossentropy": [{}, {"label_smoothing": 0.1}, {"from_logits": True}],
        "SparseCategoricalCrossentropy": [{}, {"from_logits": True}, {"from_logits": True, "ignore_class": 2}],
    }
    for name, pairs in inputs.items():
        for i, (y, p) in enumerate(pairs):
            for j, cfg in enumerate(configs.get(name, [{}])):
                for reduction in ["sum_over_batch_size", "sum", "none", "mean_with_sample_weight"]:
                    for weighted in [False, True]:
                        l = getattr(keras.losses, name)(reduction=reduction, **cfg)
                        kw = {"sample_weight": pack(weight)} if weighted and np.ndim(p) == 2 else {}
                        out = l(y, p, weight if kw else None)
                        if weighted == bool(kw):
                            add("loss", "losses." + name, f"{name}.{i}.{j}.{reduction}.{weighted}", [out],
                                config=l.get_config(), args=[pack(y), pack(p)], kwargs=kw)


def metrics():
    def history(name, m, batches, id):
        h = []
        for b in batches:
            m.update_state(*b)
            kw = {"sample_weight": pack(b[2])} if len(b) > 2 else {}
            h.append({"op": "update_state", "args": [pack(x) for x in b[:2]], "kwargs": kw})
        add("metric", "metrics." + name, id, [m.result()], config=m.get_config(), history=h)

    def batches(y, p, weighted):
        return [(y(n), p(n)) + ((rng.uniform(0, 2, n).astype(np.float32),) if weighted else ()) for n in (6, 6, 3)]

    binary = lambda n: rng.integers(0, 2, size=(n, 1))
    multi = lambda n: rng.integers(0, 2, size=(n, 3))
    hot = lambda n: one_hot(rng.integers(0, 7, size=n), 7)
    number = lambda n: rng.integers(0, 7, size=n)
    uniform = lambda c: lambda n: rng.uniform(0, 1, (n, c)).astype(np.float32)
    table = [
        ("BinaryAccuracy", {}, binary, uniform(1)), ("BinaryAccuracy", {"threshold": 0.3}, multi, uniform(3)),
        ("CategoricalAccuracy", {}, hot, uniform(7)), ("SparseCategoricalAccuracy", {}, number, uniform(7)),
        ("TopKCategoricalAccuracy", {"k": 3}, hot, uniform(7)), ("SparseTopKCategoricalAccuracy", {}, number, uniform(7)),
        ("MeanSquaredError", {}, uniform(3), uniform(3)), ("MeanAbsoluteError", {}, uniform(3), uniform(3)),
        ("CategoricalCrossentropy", {}, hot, probabilities_of(7)), ("BinaryCrossentropy", {}, multi, uniform(3)),
        ("SparseCategoricalCrossentropy", {}, number, probabilities_of(7)),
    ]
    for name in ["Precision", "Recall"]:
        for kw in [{}, {"thresholds": [0.2, 0.5, 0.8]}, {"top_k": 2}, {"class_id": 1}, {"top_k": 1, "class_id": 2}]:
            table.append((name, kw, multi, uniform(3)))
    for name in ["TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"]:
        table.append((name, {"thresholds": 0.4}, multi, uniform(3)))
    for average in [None, "micro", "macro", "weighted"]:
        for threshold in [None, 0.5]:
            table.append(("F1Score", {"average": average, "threshold": threshold}, multi, uniform(3)))
    for i, (name, kw, y, p) in enumerate(table):
        for weighted in [False, True]:
            history(name, getattr(keras.metrics, name)(**kw), batches(y, p, weighted), f"{name}.{i}.{weighted}")


def probabilities_of(c):
    return lambda n: probabilities(n, c)


def optimizers():
    sched = keras.optimizers.schedules
    table = [
        ("SGD", {}), ("SGD", {"momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True}), ("SGD", {"weight_decay": 0.1}),
        ("SGD", {"clipnorm": 0.5}), ("SGD", {"clipvalue": 0.3}), ("SGD", {"global_clipnorm": 1.0}),
        ("SGD", {"learning_rate": sched.ExponentialDecay(0.1, 2, 0.5)}),
        ("Adam", {}), ("Adam", {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}), ("Adam", {"amsgrad": True}),
        ("Adam", {"learning_rate": sched.CosineDecay(0.1, 5)}), ("AdamW", {}), ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.2}),
        ("RMSprop", {}), ("RMSprop", {"rho": 0.8, "momentum": 0.5}), ("RMSprop", {"centered": True}),
        ("RMSprop", {"centered": True, "momentum": 0.5, "weight_decay": 0.01}),
    ]
    for i, (name, kw) in enumerate(table):
        init = [f32(2, 3), f32(3)]
        steps = [[f32(2, 3), f32(3)] for _ in range(6)]
        o = getattr(keras.optimizers, name)(**kw)
        vars = [keras.Variable(x) for x in init]
        o.build(vars)
        for grads in steps:
            o.apply(grads, vars)
        add("optimizer", "optimizers." + name, f"{name}.{i}", [v.numpy() for v in vars], config=o.get_config() if not isinstance(
            kw.get("learning_rate"), sched.LearningRateSchedule) else {**o.get_config(), "learning_rate": scheduled(kw["learning_rate"])},
            init=[pack(x) for x in init], var_names=["kernel", "bias"], grad_steps=[[pack(x) for x in g] for g in steps])
    for i, s in enumerate([
        sched.ExponentialDecay(0.1, 4, 0.9), sched.ExponentialDecay(0.1, 4, 0.9, staircase=True), sched.InverseTimeDecay(0.1, 4, 0.5),
        sched.CosineDecay(0.1, 7, alpha=0.1), sched.CosineDecay(0.01, 7, warmup_target=0.1, warmup_steps=3),
        sched.CosineDecayRestarts(0.1, 3, t_mul=2.0, m_mul=0.5), sched.PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]),
        sched.PolynomialDecay(0.1, 6, power=2.0), sched.PolynomialDecay(0.1, 3, cycle=True),
    ]):
        for t in [0, 1, 2, 3, 5, 6, 9, 20]:
            add("schedule", "optimizers.schedules." + type(s).__name__, f"{type(s).__name__}.{i}.{t}", [s(t)],
                config=s.get_config(), args=[t])


def scheduled(s):
    return {"class_name": type(s).__name__, "config": s.get_config()}


def layers():
    x = np.linspace(-6, 6, 25).astype(np.float32).reshape(5, 5)
    for name in ["linear", "relu", "relu6", "sigmoid", "hard_sigmoid", "log_sigmoid", "tanh", "softmax", "log_softmax", "elu", "selu",
                 "gelu", "silu", "hard_silu", "mish", "leaky_relu", "softplus", "softsign", "exponential"]:
        add("activation", "activations." + name, name, [getattr(keras.activations, name)(x)], args=[pack(x)], kwargs={})
    add("activation", "activations.gelu", "gelu.approximate", [keras.activations.gelu(x, approximate=True)],
        args=[pack(x)], kwargs={"approximate": True})
    for r in [keras.regularizers.L1(0.1), keras.regularizers.L2(), keras.regularizers.L1L2(0.1, 0.2)]:
        add("regularizer", "regularizers." + type(r).__name__, type(r).__name__, [r(x)], config=r.get_config(), args=[pack(x)])
    for l, x in [
        (keras.layers.Dense(4, activation="tanh"), f32(3, 5)), (keras.layers.Dense(2, use_bias=False), f32(3, 2, 5)),
        (keras.layers.Flatten(), f32(3, 2, 5)), (keras.layers.Reshape((5, -1)), f32(3, 2, 10)), (keras.layers.Permute((2, 1)), f32(3, 2, 5)),
        (keras.layers.RepeatVector(3), f32(3, 2)), (keras.layers.Rescaling(0.5, 1.0), f32(3, 2)), (keras.layers.Dropout(0.5), f32(3, 2)),
        (keras.layers.LeakyReLU(), f32(3, 4)), (keras.layers.ELU(), f32(3, 4)), (keras.layers.ReLU(), f32(3, 4)),
        (keras.layers.Softmax(), f32(3, 4)), (keras.layers.Activation("selu"), f32(3, 4)),
    ]:
        y = l(x)
        w = [{"path": v.path, "value": pack(v.numpy())} for v in l.weights if "seed" not in v.path]
        cfg = {k: v for k, v in l.get_config().items() if k != "dtype"}
        add("layer", "layers." + type(l).__name__, type(l).__name__, [y], (1e-5, 1e-6), config=cfg, args=[pack(x)], kwargs={}, weights=w)


def initializers():
    k = keras.initializers
    for i in [k.Zeros(), k.Ones(), k.Constant(2.5)]:
        add("initializer", "initializers." + type(i).__name__, type(i).__name__, [i((3, 2))], config=i.get_config(), kwargs={"shape": [3, 2]})
    # mean, standard deviation, least and greatest of many draws, which glia's draws come near to
    for i in [k.GlorotUniform(1), k.GlorotNormal(1), k.HeUniform(1), k.HeNormal(1), k.LecunUniform(1), k.LecunNormal(1),
              k.VarianceScaling(2.0, "fan_out", "untruncated_normal", 1), k.RandomNormal(0.5, 0.2, 1), k.RandomUniform(-1, 3, 1),
              k.TruncatedNormal(0.5, 0.2, 1), k.Orthogonal(1.5, 1)]:
        for shape in [(200, 300), (3, 3, 40, 150)]:
            v = np.asarray(i(shape), np.float64)
            add("initializer_statistics", "initializers." + type(i).__name__, f"{type(i).__name__}.{len(shape)}",
                [[v.mean(), v.std(), v.min(), v.max()]], config=i.get_config(), kwargs={"shape": list(shape)})


losses(), metrics(), optimizers(), layers(), initializers()
cases.write("basics.py")

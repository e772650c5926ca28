"""Writes optimizers.json: what Keras's optimizers, with all of their options, make of parameters
and of their own variables.

    python -m venv venv && venv/bin/pip install keras==3.15.1 numpy==2.4.6 jax==0.10.2
    KERAS_BACKEND=numpy venv/bin/python optimizers.py > optimizers.json
"""
import json
import os

os.environ["KERAS_BACKEND"] = "numpy"
import keras
import numpy as np

rng = np.random.default_rng(4)
o, schedules = keras.optimizers, keras.optimizers.schedules


def pack(x):
    x = np.asarray(x)
    data = [float(str(v)) if x.dtype.kind == "f" else v.item() for v in x.ravel()]
    return {"dtype": str(x.dtype), "shape": list(x.shape), "data": data}


def f32(*shape):
    return rng.normal(size=shape).round(2).astype(np.float32)


def mixed(default, **patterns):
    return o.MultiOptimizer(o.OptimizerMap(default, {k.replace("_", "/"): v for k, v in patterns.items()}))


every = [o.SGD, o.RMSprop, o.Adam, o.AdamW, o.Adamax, o.Nadam, o.Adagrad, o.Adadelta, o.Adafactor, o.Ftrl, o.Lamb, o.Lion, o.Muon,
         o.ScheduleFreeAdamW]
cases = []
for c in every:
    cases += [(c, {}), (c, {"learning_rate": 0.1, "weight_decay": 0.05}), (c, {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
              (c, {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}),
              (c, {"learning_rate": schedules.CosineDecay(0.1, 5, warmup_target=0.2, warmup_steps=2)})]
cases += [
    (o.SGD, {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1, "clipnorm": 0.5}),
    (o.SGD, {"momentum": 0.5, "gradient_accumulation_steps": 3, "use_ema": True, "global_clipnorm": 1.0}),
    (o.SGD, {"loss_scale_factor": 4.0, "clipvalue": 0.1, "use_ema": True, "gradient_accumulation_steps": 2, "ema_overwrite_frequency": 2}),
    (o.RMSprop, {"centered": True, "momentum": 0.5, "rho": 0.5, "weight_decay": 0.1}), (o.RMSprop, {"centered": True}), (o.RMSprop, {"momentum": 0.5}),
    (o.Adam, {"amsgrad": True, "use_ema": True, "gradient_accumulation_steps": 2}),
    (o.Adamax, {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.01}), (o.Nadam, {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.01}),
    (o.Adagrad, {"initial_accumulator_value": 0.0, "epsilon": 0.01}), (o.Adadelta, {"learning_rate": 1.0, "rho": 0.5, "epsilon": 0.01}),
    (o.Adafactor, {"learning_rate": 0.5, "beta_2_decay": -0.5, "clip_threshold": 0.5, "epsilon_2": 0.1, "relative_step": False}),
    (o.Ftrl, {"learning_rate": 0.5, "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2, "beta": 0.5,
              "l2_shrinkage_regularization_strength": 0.3, "initial_accumulator_value": 0.5}),
    (o.Ftrl, {"learning_rate": 0.5, "learning_rate_power": -0.25}), (o.Ftrl, {"learning_rate": 0.5, "learning_rate_power": 0.0}),
    (o.Lamb, {"beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.01}), (o.Lion, {"beta_1": 0.5, "beta_2": 0.75}),
    (o.Muon, {"learning_rate": 0.1, "exclude_layers": ["out"], "exclude_embeddings": False, "rms_rate": None, "nesterov": False}),
    (o.Muon, {"learning_rate": 0.1, "ns_steps": 2, "momentum": 0.5, "adam_lr_ratio": 0.5, "adam_weight_decay": 0.2, "adam_beta_1": 0.5}),
    (o.Muon, {"weight_decay": None, "adam_weight_decay": None, "muon_a": 2.0, "muon_b": -1.5, "muon_c": 0.5}),
    (o.ScheduleFreeAdamW, {"learning_rate": 0.1, "warmup_steps": 4, "beta_1": 0.75, "weight_decay": 0.1}),
    (lambda: o.LossScaleOptimizer(o.Adam(0.1), initial_scale=4.0, dynamic_growth_steps=2), None),
    (lambda: o.LossScaleOptimizer(o.SGD(0.1, momentum=0.5, use_ema=True, gradient_accumulation_steps=2), initial_scale=4.0), None),
    (lambda: mixed(o.SGD(0.1, momentum=0.5), **{"hidden_kernel": o.Adam(0.1), ".*_bias": o.Lion(0.1)}), None),
    (lambda: mixed(o.SGD(0.1), nothing=o.Nadam(0.1)), None),
]

paths = ["hidden/kernel", "hidden/bias", "embedding/embeddings", "out/kernel", "conv/kernel", "scale"]
shapes = [(3, 4), (4,), (5, 2), (4, 2), (2, 3, 2), ()]
lines = []
for i, (make, kw) in enumerate(cases):
    opt = make(**(kw or {}))
    name = type(opt).__name__
    init = [f32(*s) for s in shapes]
    variables = []
    for path, x in zip(paths, init):
        with keras.src.backend.name_scope(path.rpartition("/")[0] or "top"):
            variables.append(keras.Variable(x, name=path.split("/")[-1]))
        variables[-1]._path = path
    steps = [[f32(*s) for s in shapes] for _ in range(4)]
    if name == "LossScaleOptimizer":
        steps[2][1][0] = np.inf
    if not isinstance(opt, o.MultiOptimizer):
        config = keras.saving.serialize_keras_object(opt)
    opt.build(variables)
    if isinstance(opt, o.MultiOptimizer):
        config = keras.saving.serialize_keras_object(opt)
    for grads in steps:
        opt.apply(grads, variables)
    c = {"kind": "optimizer", "api": "keras.optimizers." + name, "id": f"{name}.{i}", "config": config, "init": [pack(x) for x in init],
         "var_names": paths, "grad_steps": [[pack(x) for x in g] for g in steps], "state": [v.path for v in opt.variables],
         "expected_all": [pack(v.numpy()) for v in variables + opt.variables], "rtol": 1e-4 if name == "Muon" else 2e-5, "atol": 1e-5 if name == "Muon" else 5e-6}
    lines.append(json.dumps(c, separators=(",", ":")).replace("Infinity", '"Infinity"'))
head = {"about": "Computed by optimizers.py beside this file", "keras_version": keras.__version__, "backend": keras.backend.backend()}
print(json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}")

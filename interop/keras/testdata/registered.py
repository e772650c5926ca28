"""Writes registered.keras, a model with classes and functions of the user's, and what it
predicts, with Keras 3.15.1; or checks a file that glia wrote of the same model.

    KERAS_BACKEND=jax python registered.py write registered
    KERAS_BACKEND=jax python registered.py check FILE
"""
import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

register = keras.saving.register_keras_serializable


@register("tests")
class Residual(keras.layers.Layer):
    def __init__(self, layer, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.layer, self.scale = layer, scale

    def build(self, shape):
        if not self.layer.built:
            self.layer.build(shape)
        self.gain = self.add_weight(name="gain", shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return x + self.layer(x) * self.scale * self.gain

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "layer": keras.saving.serialize_keras_object(self.layer), "scale": self.scale}

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config.pop("layer"))
        return cls(layer, **config)


@register("tests")
class Chain(keras.layers.Layer):
    def __init__(self, steps, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps

    def build(self, shape):
        for s in self.steps:
            if not s.built:
                s.build(shape)
            shape = s.compute_output_shape(shape)

    def call(self, x):
        for s in self.steps:
            x = s(x)
        return x

    def compute_output_shape(self, shape):
        for s in self.steps:
            shape = s.compute_output_shape(shape)
        return shape

    def get_config(self):
        return {**super().get_config(), "steps": [keras.saving.serialize_keras_object(s) for s in self.steps]}

    @classmethod
    def from_config(cls, config):
        steps = [keras.saving.deserialize_keras_object(s) for s in config.pop("steps")]
        return cls(steps, **config)


@register()
class Scale(keras.layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@register("tests")
def twice_swish(x):
    return x * keras.ops.sigmoid(2 * x)


@register("tests")
class Ramp(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        n = int(np.prod(shape))
        return keras.ops.reshape(keras.ops.arange(n, dtype="float32") / n, shape)

    def get_config(self):
        return {}


@register("tests")
class Cubes(keras.regularizers.Regularizer):
    def __call__(self, x):
        return 0.01 * keras.ops.sum(keras.ops.abs(x**3))

    def get_config(self):
        return {}


@register()
class HalfAtMost(keras.constraints.Constraint):
    def __call__(self, w):
        return keras.ops.clip(w, -0.5, 0.5)


@register("tests")
class Pinball(keras.losses.Loss):
    def __init__(self, tau=0.5, name="pinball", **kwargs):
        super().__init__(name=name, **kwargs)
        self.tau = tau

    def call(self, y, p):
        d = y - p
        return keras.ops.mean(keras.ops.maximum(self.tau * d, (self.tau - 1) * d), axis=-1)

    def get_config(self):
        return {**super().get_config(), "tau": self.tau}


@register("tests")
def gap(y, p):
    return keras.ops.max(keras.ops.abs(y - p), axis=-1)


def model():
    L = keras.layers
    inner = keras.Sequential([L.Dense(4, activation=twice_swish, kernel_initializer=Ramp()), L.Dense(3)])
    return keras.Sequential([
        keras.Input((3,)),
        Residual(inner, 0.5),
        Chain([
            L.Dense(4, activation="tanh", kernel_regularizer=Cubes(), bias_constraint=HalfAtMost()),
            Residual(L.Dense(4, trainable=False), 2.0),
            L.Dense(2),
        ]),
        Scale(3.0),
        L.Dense(1),
    ])


x = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
what, path = sys.argv[1:]
if what == "write":
    keras.utils.set_random_seed(1)
    m = model()
    m.compile("sgd", "mse")
    m.fit(x, x[:, :1], epochs=3, verbose=0)
    m.compile()  # a model alone
    fresh = model()
    fresh.set_weights(m.get_weights())
    fresh.compile(keras.optimizers.SGD(0.1), Pinball(0.3), metrics=[gap])
    fresh.save(path + ".keras")
    loss, far = fresh.evaluate(x, x[:, :1], verbose=0)
    with open(path + ".json", "w") as f:
        json.dump({"x": x.ravel().tolist(), "y": fresh.predict(x, verbose=0).ravel().tolist(), "loss": loss, "gap": far}, f)
else:
    m = keras.models.load_model(path + ".keras")
    with open(path + ".json") as f:
        want = json.load(f)
    given = np.array(want["x"], "float32").reshape(-1, 3)
    np.testing.assert_allclose(m.predict(given, verbose=0).ravel(), want["y"], rtol=1e-4, atol=1e-5)
    assert [type(l).__name__ for l in m.layers] == ["Residual", "Chain", "Scale", "Dense"], m.layers
    assert m.layers[1].steps[1].layer.trainable is False
    assert m.layers[0].layer.layers[0].activation is twice_swish
    assert isinstance(m.layers[1].steps[0].kernel_regularizer, Cubes)
    assert isinstance(m.loss, Pinball) and m.loss.tau == 0.3 and isinstance(m.optimizer, keras.optimizers.SGD)
    said = m.evaluate(given, given[:, :1], verbose=0)
    np.testing.assert_allclose(said, [want["loss"], want["gap"]], rtol=1e-4)
    m.fit(x, x[:, :1], verbose=0)

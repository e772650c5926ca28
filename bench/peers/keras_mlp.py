"""Keras 3 on TensorFlow or JAX (KERAS_BACKEND), through compile and fit."""

import os

import common

args = common.arguments()
backend = os.environ["KERAS_BACKEND"]

if backend == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)

import keras  # noqa: E402
from keras import layers  # noqa: E402

keras.utils.set_random_seed(1)


class Timer(keras.callbacks.Callback):
    """Times each epoch and ends the training when the time is used up."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def on_epoch_begin(self, epoch, logs=None):
        self.clock.start()

    def on_epoch_end(self, epoch, logs=None):
        self.clock.stop()
        self.model.stop_training = not self.clock.more()


def dataset(x, y):
    """A tf.data pipeline for the tuned variant: on few cores its autotuning costs more than it gains."""
    x, y = tf.constant(x), tf.constant(y)
    ds = tf.data.Dataset.range(len(x)).shuffle(len(x)).batch(common.BATCH)
    ds = ds.map(lambda rows: (tf.gather(x, rows), tf.gather(y, rows))).prefetch(2)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    return ds.with_options(options)


def main():
    x, y, x_test, y_test = common.mnist(args.data)
    tuned = args.variant == "tuned"
    model = keras.Sequential(
        [layers.Input((28, 28)), layers.Flatten()]
        + [layers.Dense(n, activation="relu") for n in common.UNITS[:-1]]
        + [layers.Dense(common.UNITS[-1], activation="softmax")]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="categorical_crossentropy",
        **({"steps_per_execution": 64, "jit_compile": True} if tuned else {}),
    )
    clock = common.Clock(args.epochs, args.budget)
    data = {"x": dataset(x, y)} if tuned else {"x": x, "y": y, "batch_size": common.BATCH}
    model.fit(**data, epochs=args.epochs, shuffle=True, verbose=0, callbacks=[Timer(clock)])

    p = model.predict(x_test, batch_size=1000, verbose=0)
    loss = keras.losses.categorical_crossentropy(y_test, p).__array__().mean()
    accuracy = (p.argmax(1) == y_test.argmax(1)).mean()
    if backend == "tensorflow":
        name, version = "Keras on TensorFlow", f"{keras.__version__} / {tf.__version__}"
    else:
        import jax

        name, version = "Keras on JAX", f"{keras.__version__} / {jax.__version__}"
    notes = "NumPy arrays, defaults of compile() and fit()"
    if tuned:
        notes = "tf.data without autotuning, steps_per_execution=64, jit_compile=True"
    clock.report(name, version, args.threads, loss, accuracy, notes)


main()

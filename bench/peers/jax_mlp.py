"""Plain JAX: the training step written by hand under jit, buffers donated."""

import functools

import common

args = common.arguments()

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

LR, B1, B2, EPS = 1e-3, 0.9, 0.999, 1e-7


def init(key):
    """Keras's initial values: Glorot uniform kernels, zero biases."""
    params, width = [], 28 * 28
    for units in common.UNITS:
        key, k = jax.random.split(key)
        limit = (6 / (width + units)) ** 0.5
        params.append((jax.random.uniform(k, (width, units), jnp.float32, -limit, limit), jnp.zeros(units)))
        width = units
    return params


def logits(params, x):
    for w, b in params[:-1]:
        x = jax.nn.relu(x @ w + b)
    w, b = params[-1]
    return x @ w + b


def loss_of(params, x, y):
    return -(y * jax.nn.log_softmax(logits(params, x))).sum(-1).mean()


def update(state, x, y):
    """One step of Adam in Keras's form: the bias corrections folded into the step size."""
    params, m, v, t = state
    grads = jax.grad(loss_of)(params, x, y)
    t = t + 1
    rate = LR * jnp.sqrt(1 - B2**t) / (1 - B1**t)
    m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, grads)
    v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, grads)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPS), params, m, v)
    return params, m, v, t


@functools.partial(jax.jit, donate_argnums=0)
def step(state, x, y, rows):
    """One step on the given rows of the data."""
    return update(state, x[rows], y[rows])


@functools.partial(jax.jit, donate_argnums=0)
def epoch(state, x, y, rows):
    """Many steps in one call: rows is [steps batch]."""
    return jax.lax.scan(lambda s, r: (update(s, x[r], y[r]), None), state, rows)[0]


def main():
    x, y, x_test, y_test = common.mnist(args.data)
    x, y, x_test, y_test = (jnp.asarray(a.reshape(len(a), -1)) for a in (x, y, x_test, y_test))
    params = init(jax.random.key(1))
    zeros = lambda: jax.tree.map(jnp.zeros_like, params)  # noqa: E731
    state = (params, zeros(), zeros(), jnp.float32(0))
    rng = np.random.default_rng(1)
    full = len(x) // common.BATCH * common.BATCH

    clock = common.Clock(args.epochs, args.budget)
    while clock.more():
        clock.start()
        order = rng.permutation(len(x)).astype(np.int32)
        if args.variant == "scan":
            state = epoch(state, x, y, order[:full].reshape(-1, common.BATCH))
            state = step(state, x, y, order[full:])
        else:
            for i in range(0, len(order), common.BATCH):
                state = step(state, x, y, order[i : i + common.BATCH])
        jax.block_until_ready(state)
        clock.stop()

    p = logits(state[0], x_test)
    loss = loss_of(state[0], x_test, y_test)
    accuracy = (p.argmax(1) == y_test.argmax(1)).mean()
    how = "one jit call an epoch (lax.scan)" if args.variant == "scan" else "one jit call a step"
    clock.report("JAX", jax.__version__, args.threads, loss, accuracy, how)


main()

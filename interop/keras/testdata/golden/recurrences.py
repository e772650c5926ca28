"""Layers that go through sequences, with masks and initial states, and their cells. See
cases.py:

    venv/bin/python recurrences.py > recurrences.json
"""
import cases
from cases import keras, np, pack

c = cases.Cases(21)
k = keras.layers
SOME = np.array([[1, 1, 0, 1], [0, 1, 1, 0]], bool)


def add(layer, *shape, states=(), mask=None, nested=lambda s: s):
    x = c.f32(*shape)
    is_cell = type(layer).__name__.endswith(("Cell", "Cells"))
    layer.build(shape) if is_cell else layer(x)
    for w in layer.weights:
        if "seed" not in w.path:
            w.assign(np.abs(c.f32(*w.shape)) if "variance" in w.path else c.f32(*w.shape) * 0.5)
    given = [c.f32(*s) for s in states]
    kwargs, packed = {}, {}
    if given:
        key = "states" if is_cell else "initial_state"
        kwargs[key], packed[key] = nested(given), [pack(s) for s in given]
    if mask is not None:
        kwargs["mask"], packed["mask"] = mask, pack(mask)
    weights = [{"path": w.path, "value": pack(w.numpy())} for w in layer.weights if "seed" not in w.path]
    y = keras.tree.flatten(layer(x, **kwargs))
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} {len(c)}", y, config=config, args=[pack(x)], kwargs=packed, weights=weights)


X = (2, 4, 3)
for many in (False, True):
    for make, states in ((k.SimpleRNN, [(2, 5)]), (k.LSTM, [(2, 5), (2, 5)]), (k.GRU, [(2, 5)])):
        add(make(5, return_sequences=many), *X)
        add(make(5, return_sequences=many), *X, mask=SOME)
        add(make(5, return_sequences=many, return_state=True, go_backwards=True), *X, mask=SOME)
        add(make(5, return_sequences=many, return_state=True), *X, states=states)
        add(make(5, return_sequences=many, return_state=True, unroll=True), *X, states=states, mask=SOME)
        add(make(5, return_sequences=many, zero_output_for_mask=True), *X, mask=SOME)
        add(make(5, return_sequences=many, use_bias=False, activation="relu"), *X)
        add(k.Bidirectional(make(5, return_sequences=many)), *X)
        add(k.Bidirectional(make(5, return_sequences=many, return_state=True), merge_mode="sum"), *X, mask=SOME)
        add(k.Bidirectional(make(5, return_sequences=many, return_state=True), merge_mode=None), *X, states=states * 2)
    add(k.GRU(5, reset_after=False, return_sequences=many), *X, mask=SOME)
    add(k.GRU(5, reset_after=False, use_bias=False, recurrent_activation="hard_sigmoid", return_sequences=many), *X)
    add(k.LSTM(5, recurrent_activation="hard_sigmoid", activation="softsign", return_sequences=many), *X, mask=SOME)
    add(k.RNN(k.SimpleRNNCell(5), return_sequences=many), *X)
    add(k.RNN([k.LSTMCell(2), k.GRUCell(3), k.SimpleRNNCell(4)], return_sequences=many), *X, mask=SOME)
    add(k.RNN(k.LSTMCell(2), return_state=True, return_sequences=many), *X, states=[(2, 2), (2, 2)], mask=SOME | (np.arange(4) == 0))
    add(k.RNN(k.StackedRNNCells([k.LSTMCell(2), k.LSTMCell(3)]), return_state=True, return_sequences=many), *X)
    for mode in ("mul", "ave"):
        add(k.Bidirectional(k.LSTM(3, return_sequences=many), merge_mode=mode), *X, mask=SOME)
    add(k.Bidirectional(k.GRU(3, return_sequences=many, go_backwards=True), backward_layer=k.LSTM(2, return_sequences=many)), *X)
    add(k.Bidirectional(k.RNN([k.GRUCell(3), k.LSTMCell(2)], return_sequences=many)), *X, mask=SOME)
    add(k.ConvLSTM1D(3, 2, return_sequences=many), 2, 4, 5, 2)
    add(k.ConvLSTM1D(3, 3, strides=2, padding="same", return_sequences=many, return_state=True), 2, 4, 6, 2)
    add(k.ConvLSTM2D(3, 3, padding="same", return_sequences=many, use_bias=False, recurrent_activation="hard_sigmoid"), 2, 3, 4, 5, 2)
    add(k.ConvLSTM2D(2, (3, 2), dilation_rate=(1, 2), return_sequences=many, go_backwards=True, unit_forget_bias=False), 2, 3, 5, 4, 2)
    add(k.ConvLSTM3D(2, 2, padding="same", return_sequences=many), 1, 2, 2, 3, 2, 2)
add(k.SimpleRNNCell(3), 2, 4, states=[(2, 3)])
add(k.LSTMCell(3), 2, 4, states=[(2, 3), (2, 3)])
add(k.LSTMCell(3, unit_forget_bias=False, activation="linear", use_bias=False), 2, 4, states=[(2, 3), (2, 3)])
add(k.GRUCell(3), 2, 4, states=[(2, 3)])
add(k.GRUCell(3, reset_after=False), 2, 4, states=[(2, 3)])
add(k.StackedRNNCells([k.LSTMCell(3), k.GRUCell(2)]), 2, 4, states=[(2, 3), (2, 3), (2, 2)], nested=lambda s: [s[:2], s[2]])
add(k.TimeDistributed(k.Dense(3, activation="tanh")), 2, 4, 3, mask=SOME)
add(k.TimeDistributed(k.Conv1D(2, 2)), 2, 3, 4, 3)
add(k.TimeDistributed(k.LSTM(3)), 2, 3, 4, 2)
add(k.TimeDistributed(k.BatchNormalization()), 2, 3, 4)
c.write("recurrences.py")

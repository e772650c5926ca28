"""Embeddings, products by equations, and attention with its masks. See cases.py:

    venv/bin/python attention.py > attention.json
"""
import cases
from cases import keras, np, pack

c = cases.Cases(21)
k = keras.layers


def add(layer, name, *args, **kwargs):
    """A case of a layer with weights of all kinds: args are arrays, or a list of such."""
    layer(*args, **kwargs)
    for w in layer.weights:
        if "seed" not in w.path:
            w.assign(c.f32(*w.shape))
    y = layer(*args, **kwargs)
    kind = type(layer).__name__
    if kind == "GroupedQueryAttention":
        kind = "GroupQueryAttention"
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}

    def packed(v):
        return [packed(x) for x in v] if isinstance(v, list) else pack(v) if isinstance(v, np.ndarray) else v

    c.add("layer", "layers." + kind, kind + " " + name, list(y) if isinstance(y, (list, tuple)) else [y], (1e-5, 1e-5), config=config, args=[packed(a) for a in args],
          kwargs={key: packed(v) for key, v in kwargs.items()}, weights=[{"path": w.path, "value": pack(w.numpy())} for w in layer.weights])


def mask(*shape, none=None):
    """Bools, of which row none is all False."""
    m = np.asarray(c.f32(*shape)) > -0.4
    if none is not None:
        m[none] = False
    return m


tokens = np.asarray([[3, 0, 2, 4], [1, 1, 0, 3]], "int32")
add(k.Embedding(5, 3), "of tokens", tokens)
add(k.Embedding(5, 3, mask_zero=True), "of tokens cut off", tokens.astype("float32") + np.float32(0.75))
add(k.ReversibleEmbedding(5, 3), "of tokens", tokens)
add(k.ReversibleEmbedding(5, 3, tie_weights=False), "of tokens with two variables", tokens)
add(k.ReversibleEmbedding(5, 3), "in reverse", c.f32(2, 4, 3), reverse=True)
add(k.ReversibleEmbedding(5, 3, tie_weights=False, logit_soft_cap=1.5), "in reverse with a bound", c.f32(2, 3), reverse=True)
for equation, output, bias, *shape in [
    ("ab,bc->ac", 4, "c", 2, 3), ("abc,cd->abd", (None, 4), None, 2, 3, 5), ("abc,cde->abde", (None, 4, 2), "de", 2, 3, 5), ("abc,bde->acde", (None, 4, 2), "d", 2, 3, 5),
    ("abcd,cde->abe", (None, 6), "e", 2, 3, 2, 4), ("...x,xy->...y", 4, "y", 2, 3, 2, 5), ("ab...,bc->ac...", 4, "c", 2, 3, 2, 2), ("abc,dbc->ad", 3, None, 2, 4, 3),
    ("abc,d->abcd", (3, 4, 2), "bd", 2, 3, 4), ("abc,c->ab", (None,), None, 2, 3, 4), ("abc,acd->abd", (3, 5), None, 2, 3, 4),
]:
    add(k.EinsumDense(equation, output, bias_axes=bias, activation="tanh"), equation, c.f32(*shape))
for kind, some in (("Attention", [{}, {"use_scale": True}, {"score_mode": "concat"}, {"use_scale": True, "score_mode": "concat"}]), ("AdditiveAttention", [{}, {"use_scale": False}])):
    for args in some:
        for scores in (False, True):
            q, v, key = c.f32(2, 3, 4), c.f32(2, 5, 2), c.f32(2, 5, 4)
            name = f"{args} {'with scores' if scores else ''}"
            more = {"return_attention_scores": True} if scores else {}
            add(getattr(k, kind)(**args), name + "query, value", [q, key], **more)
            add(getattr(k, kind)(**args), name + "causal", [q, v, key], use_causal_mask=True, **more)
            masks = [mask(2, 3), mask(2, 5)]
            add(getattr(k, kind)(**args), name + "masked", [q, v, key], mask=masks, **more)
            add(getattr(k, kind)(**args), name + "masked and causal", [q, v, key], mask=[mask(2, 3), mask(2, 5)], use_causal_mask=True, **more)
            add(getattr(k, kind)(**args), name + "a sample masked", [q, v, key], mask=[mask(2, 3), mask(2, 5, none=1)], **more)
for kind, args in (("MultiHeadAttention", (2, 3)), ("GroupQueryAttention", (3, 4, 2))):
    for more in ({}, {"use_gate": True}, {"sliding_window": 2}, {"use_bias": False}, {"dropout": 0.25}):
        for scores in (False, True):
            q, v, key = c.f32(2, 3, 4), c.f32(2, 5, 6), c.f32(2, 5, 7)
            name = f"{more} {'with scores' if scores else ''}"
            also = {"return_attention_scores": True} if scores else {}
            make = lambda: getattr(k, kind)(*args, **more)  # noqa: E731
            add(make(), name + "query, value", q, v, **also)
            add(make(), name + "query, value, key", q, v, key, **also)
            add(make(), name + "causal", q, v, key, use_causal_mask=True, **also)
            add(make(), name + "with a mask", q, v, attention_mask=mask(2, 3, 5), **also)
            add(make(), name + "with a mask for each head", q, v, attention_mask=mask(2, 4 if kind[0] == "G" else 2, 3, 5), use_causal_mask=True, **also)
            add(make(), name + "with a query without keys", q, v, attention_mask=mask(3, 5, none=1).astype("float32"), **also)
            add(make(), name + "of masked values", q, v, value_mask=mask(2, 5, none=1), use_causal_mask=True, **also)
            add(make(), name + "of masked values and keys", q, v, key, value_mask=mask(2, 5), key_mask=mask(2, 5), **also)
            add(make(), name + "of masked queries", q, v, query_mask=mask(2, 3), value_mask=mask(2, 5), **also)
add(k.MultiHeadAttention(2, 3, value_dim=4, output_shape=(2, 3)), "of values of another length", c.f32(2, 3, 4), c.f32(2, 5, 6), return_attention_scores=True)
for more in ({}, {"attention_axes": 2}, {"attention_axes": [2, 1]}, {"attention_axes": -3}):
    add(k.MultiHeadAttention(2, 3, **more), f"of rows and columns {more}", c.f32(2, 3, 2, 4), c.f32(2, 3, 2, 5), return_attention_scores=True)
c.write("attention.py")

"""Layers that merge several inputs. See cases.py:

    venv/bin/python merges.py > merges.json
"""
import cases
from cases import keras, pack

c = cases.Cases(11)
k = keras.layers
for layer, *shapes in [
    (k.Add(), (2, 3), (2, 3), (2, 3)), (k.Add(), (2, 3, 4), (2, 4)), (k.Add(), (2, 3, 4), (2, 1, 4)),
    (k.Subtract(), (2, 3, 4), (2, 3, 4)), (k.Subtract(), (2, 4), (2, 3, 4)),
    (k.Multiply(), (2, 3, 4), (2, 3, 4), (2, 3, 1)), (k.Average(), (2, 3), (2, 3), (2, 3)),
    (k.Maximum(), (2, 3), (2, 3), (2, 3)), (k.Minimum(), (2, 3), (2, 1), (2, 3)),
    (k.Concatenate(), (2, 3, 4), (2, 3, 2), (2, 3, 1)), (k.Concatenate(axis=1), (2, 3, 4), (2, 1, 4)), (k.Concatenate(axis=-2), (2, 3, 4), (2, 1, 4)),
    (k.Dot(axes=1), (2, 3), (2, 3)), (k.Dot(axes=-1, normalize=True), (2, 3), (2, 3)), (k.Dot(axes=(2, 1)), (2, 3, 4), (2, 4, 5)),
    (k.Dot(axes=(1, 3)), (2, 3, 4, 2), (2, 5, 2, 3)), (k.Dot(axes=(2, 1), normalize=True), (2, 3, 4), (2, 4)), (k.Dot(axes=1), (2, 3), (2, 3, 4)),
]:
    x = [c.f32(*s) for s in shapes]
    config = {key: v for key, v in layer.get_config().items() if key != "dtype"}
    name = type(layer).__name__
    c.add("layer", "layers." + name, f"{name} of {len(x)} {shapes[-1]}", [layer(x)], config=config, args=[[pack(v) for v in x]], kwargs={}, weights=[])
c.write("merges.py")

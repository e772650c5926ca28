"""Makes text_int.keras and text_tfidf.keras, models of strings, and texts.json, what they predict.

    pip install tensorflow-cpu==2.21.0 keras==3.15.1 && KERAS_BACKEND=tensorflow python texts.py
"""
import json
import pathlib

import keras
import tensorflow as tf
from keras import layers

here = pathlib.Path(__file__).parent
TEXTS = ["the cat and the dog", "a bird, a CAT!", "zz"]
out = {"texts": TEXTS}
keras.utils.set_random_seed(1)
for mode in ["int", "tf_idf"]:
    words = layers.TextVectorization(output_mode=mode, output_sequence_length=4 if mode == "int" else None)
    words.adapt(["the cat and the dog", "the bird", "a cat"])
    x = keras.Input((1,) if mode == "int" else (), dtype="string")
    y = words(x)
    if mode == "int":
        y = layers.Rescaling(0.5)(y)
    y = layers.Dense(2)(y)
    model = keras.Model(x, y)
    name = "text_" + mode.replace("_", "")
    model.save(here / (name + ".keras"))
    out[name] = [float(v) for v in model.predict(tf.constant(TEXTS), verbose=0).ravel()]
(here / "texts.json").write_text(json.dumps(out))

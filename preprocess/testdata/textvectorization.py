"""Makes textvectorization.json, numbers of Keras's layer, and text_int.keras and text_tfidf.keras.

    pip install tensorflow-cpu==2.21.0 keras==3.15.1 && KERAS_BACKEND=tensorflow python textvectorization.py
"""
import json
import pathlib

import keras
import tensorflow as tf
from keras import layers

here = pathlib.Path(__file__).parent
TEXTS = ["The cat, the dog -- and THE bird!", "a b_c d-e  f\tg\nh", "", "naïve ÀÉ «ok» don't", "a\u00a0b a\x0bb\x1cc \u2028d", "日本 語 語", "zz [UNK] the", "a a b a"]
CASES = [
    {}, {"max_tokens": 7}, {"output_sequence_length": 3}, {"standardize": None}, {"standardize": "lower"}, {"standardize": "strip_punctuation"},
    {"split": "character"}, {"split": None}, {"split": None, "output_sequence_length": 2}, {"ngrams": 2}, {"ngrams": (3, 1)},
    {"output_mode": "multi_hot"}, {"output_mode": "count"}, {"output_mode": "tf_idf"}, {"output_mode": "tf_idf", "max_tokens": 6},
    {"output_mode": "multi_hot", "max_tokens": 50, "pad_to_max_tokens": True}, {"output_mode": "tf_idf", "max_tokens": 50, "pad_to_max_tokens": True},
    {"output_mode": "count", "ngrams": 2, "split": "character", "max_tokens": 20}, {"output_mode": "count", "split": None},
    {"vocabulary": ["the", "a"]}, {"vocabulary": ["", "[UNK]", "the", "a"]}, {"vocabulary": ["the", "a"], "output_mode": "tf_idf", "idf_weights": [1.0, 2.5]},
    {"vocabulary": ["[UNK]", "the", "a"], "output_mode": "tf_idf", "idf_weights": [0.5, 1.0, 2.5]}, {"max_tokens": 7, "pad_to_max_tokens": True},
]
ADAPT = TEXTS[:6] + ["the end", "a the a"]
out = []
for kw in CASES:
    layer = layers.TextVectorization(**kw)
    if "vocabulary" not in kw:
        layer.adapt(tf.constant([[t] for t in ADAPT]))
    y = layer(tf.constant([[t] for t in TEXTS]))
    config = layer.get_config()
    out.append({"config": config, "vocabulary": [str(v) for v in layer.get_vocabulary()], "shape": list(y.shape), "output": [float(v) for v in y.numpy().ravel()]})
(here / "textvectorization.json").write_text(json.dumps({"adapt": ADAPT, "texts": TEXTS, "cases": out}, ensure_ascii=False))

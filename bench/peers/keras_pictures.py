"""Measures Keras's loader of pictures with layers that augment, as bench/pictures measures glia's.

    keras_pictures.py DIR [--side 224] [--plain] [--epochs 3]

image_dataset_from_directory is a tf.data pipeline on any backend; with TensorFlow's the layers run
in its map. Prints one JSON object.
"""

import argparse
import json
import os
import resource
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf


def cpu_seconds():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


p = argparse.ArgumentParser()
p.add_argument("dir")
p.add_argument("--side", type=int, default=224)
p.add_argument("--plain", action="store_true")
p.add_argument("--epochs", type=int, default=3)
args = p.parse_args()

ds = keras.utils.image_dataset_from_directory(
    args.dir, image_size=(args.side, args.side), batch_size=32, shuffle=True, seed=1, verbose=False
)
if not args.plain:
    layers = keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.05),
            keras.layers.RandomZoom(0.1),
            keras.layers.RandomContrast(0.2),
        ]
    )
    ds = ds.map(lambda x, y: (layers(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE)
ds = ds.prefetch(tf.data.AUTOTUNE)

wall = cpu = 0
pictures = 0
for epoch in range(args.epochs):
    began, used = time.perf_counter(), cpu_seconds()
    for x, _ in ds:
        if epoch > 0:
            pictures += x.shape[0]
    if epoch > 0:
        wall, cpu = wall + time.perf_counter() - began, cpu + cpu_seconds() - used
print(
    json.dumps(
        {
            "framework": f"Keras {keras.__version__} on TensorFlow {tf.__version__}",
            "side": args.side,
            "augmented": not args.plain,
            "pictures_per_second": pictures / wall,
            "cpu_ms_per_picture": 1e3 * cpu / pictures,
            "cores_used": cpu / wall,
        }
    )
)

"""One image through known networks in ONNX Runtime on the CPU: those that `glia bench --networks` times.

    python onnx_images.py --threads 1 [--networks resnet50,mobilenetv2] [--seconds 8]

PyTorch exports the networks, with random weights. Prints a JSON object of the median and the
99th percentile of the milliseconds of a prediction for an image of 224 by 224.
"""

import argparse
import json
import os
import tempfile
import time

import numpy as np
import onnxruntime
import torch
from torch import nn

import torch_networks


class Bottleneck(nn.Module):
    """Convolutions of 1, 3 and 1 with batch normalization, beside a shortcut."""

    def __init__(self, width, filters, stride, short):
        super().__init__()
        self.layers = nn.Sequential(*normal(width, filters, 1, stride), nn.ReLU(), *normal(filters, filters, 3), nn.ReLU(), *normal(filters, 4 * filters, 1))
        self.short = nn.Sequential(*(normal(width, 4 * filters, 1, stride) if short else []))

    def forward(self, x):
        return torch.relu(self.short(x) + self.layers(x))


def normal(width, filters, size, stride=1):
    return [nn.Conv2d(width, filters, size, stride, size // 2), nn.BatchNorm2d(filters)]


def resnet50():
    """ResNet-50 as Keras has it: biases, and strides in the first convolution of a block."""
    layers, width = [*normal(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for filters, times, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for i in range(times):
            layers.append(Bottleneck(width, filters, stride if i == 0 else 1, i == 0))
            width = 4 * filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000), nn.Softmax(1))


def mobilenetv2():
    network, _ = torch_networks.mobilenetv2(1, 224, 1000)
    return nn.Sequential(network, nn.Softmax(1))


def time_of(network, args):
    x = torch.rand(1, 3, 224, 224)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "network.onnx")
        torch.onnx.export(network().eval(), (x,), path, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = args.threads, 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}
    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < args.seconds or len(times) < 5:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(1000 * (time.perf_counter() - start))
    times = times[2:]  # which warm up
    return {"p50": round(float(np.percentile(times, 50)), 2), "p99": round(float(np.percentile(times, 99)), 2)}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--networks", default="resnet50,mobilenetv2")
    p.add_argument("--seconds", type=float, default=8)
    args = p.parse_args()
    torch.manual_seed(1)
    print(json.dumps({"framework": "ONNX Runtime", "version": onnxruntime.__version__, "threads": args.threads,
                      "image_ms": {name: time_of(globals()[name], args) for name in args.networks.split(",")}}))


if __name__ == "__main__":
    main()

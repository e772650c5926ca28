"""Steps of convolutional networks in PyTorch on the CPU: those that `glia bench --networks` times.

    python torch_networks.py --threads 1 [--networks mnist_convnet,resnet20,mobilenetv2] [--seconds 8] [--compile]

Random images stand for data; weights are channels last. Prints a JSON object of the median
milliseconds of a step.
"""

import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

def mnist_convnet():
    """Keras's example of that name, batch 128."""
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10))
    return net, torch.rand(128, 1, 28, 28)


class Block(nn.Module):
    """Two convolutions of 3 by 3 with batch normalization, beside a shortcut."""

    def __init__(self, width, filters, stride):
        super().__init__()
        self.a = nn.Conv2d(width, filters, 3, stride, 1, bias=False)
        self.b = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.na, self.nb = nn.BatchNorm2d(filters), nn.BatchNorm2d(filters)
        self.short = None
        if stride > 1:
            self.short = nn.Sequential(nn.Conv2d(width, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.nb(self.b(F.relu(self.na(self.a(x)))))
        return F.relu(y + (self.short(x) if self.short else x))


def resnet20():
    """ResNet-20 on images of 32 by 32, batch 128."""
    layers, width = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for filters in (16, 32, 64):
        for i in range(3):
            layers.append(Block(width, filters, 2 if i == 0 and filters > 16 else 1))
            width = filters
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    return nn.Sequential(*layers), torch.rand(128, 3, 32, 32)


class Inverted(nn.Module):
    """An inverted residual: widened by 1 by 1, depthwise 3 by 3, narrowed by 1 by 1."""

    def __init__(self, width, filters, stride, factor):
        super().__init__()
        wide, layers = width * factor, []
        if factor > 1:
            layers = [nn.Conv2d(width, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
        layers += [nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
                   nn.Conv2d(wide, filters, 1, bias=False), nn.BatchNorm2d(filters)]
        self.layers, self.short = nn.Sequential(*layers), stride == 1 and width == filters

    def forward(self, x):
        return x + self.layers(x) if self.short else self.layers(x)


def mobilenetv2(batch=32, size=96, classes=10):
    """MobileNetV2 on images of 96 by 96, batch 32."""
    layers, width = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()], 32
    for factor, filters, times, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(times):
            layers.append(Inverted(width, filters, stride if i == 0 else 1, factor))
            width = filters
    layers += [nn.Conv2d(width, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes)]
    return nn.Sequential(*layers), torch.rand(batch, 3, size, size)


def time_of(network, args):
    net, x = network()
    net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    y = torch.randint(0, 10, (len(x),))
    adam = torch.optim.Adam(net.parameters(), fused=True)

    def loss_of(x, y):
        return F.cross_entropy(net(x), y)

    if args.compile:
        loss_of = torch.compile(loss_of)
    times, begin = [], None
    while begin is None or time.perf_counter() - begin < args.seconds or len(times) < 5:
        start = time.perf_counter()
        loss = loss_of(x, y)
        adam.zero_grad()
        loss.backward()
        adam.step()
        if begin is None:
            begin = time.perf_counter()  # the first step warms up
        else:
            times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--threads", type=int, required=True)
    p.add_argument("--networks", default="mnist_convnet,resnet20,mobilenetv2")
    p.add_argument("--seconds", type=float, default=8)
    p.add_argument("--compile", action="store_true")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    print(json.dumps({"framework": "PyTorch " + ("compiled" if args.compile else "eager"), "version": torch.__version__, "threads": args.threads,
                      "step_ms": {name: time_of(globals()[name], args) for name in args.networks.split(",")}}))


if __name__ == "__main__":
    main()

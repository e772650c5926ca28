"""PyTorch on the CPU: eager, or the loss and the optimizer step through torch.compile."""

import common

args = common.arguments()

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

torch.set_num_threads(args.threads)
torch.set_num_interop_threads(1)
torch.manual_seed(1)


def network():
    """The network with Keras's initial values: Glorot uniform kernels, zero biases."""
    layers, width = [torch.nn.Flatten()], 28 * 28
    for i, units in enumerate(common.UNITS):
        dense = torch.nn.Linear(width, units)
        torch.nn.init.xavier_uniform_(dense.weight)
        torch.nn.init.zeros_(dense.bias)
        layers += [dense] + [torch.nn.ReLU()] * (i + 1 < len(common.UNITS))
        width = units
    return torch.nn.Sequential(*layers)


def main():
    x, y, x_test, y_test = map(torch.from_numpy, common.mnist(args.data))
    net = network()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-7, fused=True)

    # Softmax is part of cross_entropy, which takes the one-hot rows as probabilities.
    def loss_of(xb, yb):
        return F.cross_entropy(net(xb), yb)

    if args.variant == "compile":
        loss_of = torch.compile(loss_of)

    clock = common.Clock(args.epochs, args.budget)
    while clock.more():
        clock.start()
        order = torch.randperm(len(x))
        for rows in order.split(common.BATCH):
            loss = loss_of(x[rows], y[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
        clock.stop()

    with torch.no_grad():
        logits = net(x_test)
        loss = F.cross_entropy(logits, y_test)
        accuracy = (logits.argmax(1) == y_test.argmax(1)).float().mean()
    name = "PyTorch torch.compile" if args.variant else "PyTorch eager"
    clock.report(name, torch.__version__, args.threads, loss, accuracy, "Adam(fused=True)")


main()

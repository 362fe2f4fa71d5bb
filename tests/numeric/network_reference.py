#!/usr/bin/python3
"""Writes network_expected.h: the first ten losses of networks as PyTorch trains them, from given first weights.

Needs Debian's python3-torch (1.13). Run it in this folder; its output is kept beside it.
Every step is over all rows in their order, so that nothing depends on how a batch is drawn.
"""
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
ROWS, INPUTS, STEPS = 24, 4, 10


class Gelu(torch.nn.Module):  # the exact form
    def forward(self, x):
        return torch.nn.functional.gelu(x)


SIMPLE = {"relu": torch.nn.ReLU, "leaky_relu": torch.nn.LeakyReLU, "elu": torch.nn.ELU, "gelu": Gelu,
          "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}

CASES = [  # layers, loss, optimiser, rate, l2
    ("dense 8, relu, dense 5, tanh, dense 1", "squared", "sgd", 0.1, 0),
    ("dense 8, relu, dense 5, tanh, dense 1", "squared", "adam", 0.01, 0),
    ("dense 7, gelu, dense 3", "cross_entropy", "sgd", 0.5, 0),
    ("dense 7, gelu, dense 3", "cross_entropy", "adam", 0.02, 0),
    ("dense 6, leaky_relu, dense 5, elu, dense 1", "cross_entropy", "sgd", 0.3, 0.01),
    ("dense 6, batch_norm, relu, dense 4, batch_norm, sigmoid, dense 3", "cross_entropy", "sgd", 0.2, 0),
    ("dense 6, batch_norm, relu, dense 4, batch_norm, sigmoid, dense 3", "cross_entropy", "adam", 0.02, 0),
    ("batch_norm, dense 5, tanh, dense 1", "squared", "momentum", 0.02, 0.02),
]


def build(spec):
    modules, inputs = [], INPUTS
    for layer in spec.split(", "):
        if layer.startswith("dense "):
            modules.append(torch.nn.Linear(inputs, int(layer[6:])))
            inputs = int(layer[6:])
        elif layer == "batch_norm":
            norm = torch.nn.BatchNorm1d(inputs)
            torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
            torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
            modules.append(norm)
        else:
            modules.append(SIMPLE[layer]())
    return torch.nn.Sequential(*modules)


def theta(net):
    """As mlctl has it: weight and bias of each layer, then what batch norm measures."""
    parts = []
    for module in net:
        parts += [p.detach().reshape(-1) for p in module.parameters()]
        if isinstance(module, torch.nn.BatchNorm1d):
            parts += [module.running_mean, module.running_var]
    return torch.cat(parts).clone()


def optimiser_of(name, net, rate, l2):
    weights = [m.weight for m in net if isinstance(m, torch.nn.Linear)]
    others = [p for p in net.parameters() if all(p is not w for w in weights)]
    groups = [{"params": weights, "weight_decay": l2}, {"params": others}]
    if name == "adam":
        return torch.optim.Adam(groups, lr=rate)
    return torch.optim.SGD(groups, lr=rate, momentum=0.9 if name == "momentum" else 0)


def loss_of(name, z, y):
    if name == "squared":
        return 0.5 * torch.nn.functional.mse_loss(z[:, 0], y)
    if z.shape[1] == 1:
        return torch.nn.functional.binary_cross_entropy_with_logits(z[:, 0], y)
    return torch.nn.functional.cross_entropy(z, y.long())


def numbers(values):
    texts = [repr(float(v)) for v in values]
    lines = [", ".join(texts[i:i + 4]) for i in range(0, len(texts), 4)]
    return "(const double[]){\n        " + ",\n        ".join(lines) + " }"


def run(layers, loss, name, rate, l2, X, targets):
    net = build(layers)
    outputs = net[-1].out_features
    y = targets["squared"] if loss == "squared" else targets[outputs]
    first, losses = theta(net), []
    optimiser = optimiser_of(name, net, rate, l2)
    for _ in range(STEPS):
        optimiser.zero_grad()
        value = loss_of(loss, net(X), y)
        value.backward()
        losses.append(value.item())
        optimiser.step()
    # the bias below a batch norm has gradient 0 but for rounding, which adam magnifies to whole steps
    last = "NULL" if name == "adam" and "batch_norm" in layers else numbers(theta(net))
    return f"""    {{
        .layers = "{layers}",
        .loss = "{loss}", .optimiser = "{name}", .rate = {rate!r}, .l2 = {float(l2)!r},
        .y = {numbers(y)},
        .first = {numbers(first)},
        .last = {last},
        .losses = {numbers(losses)},
    }},
"""


def main():
    torch.manual_seed(1)
    X = torch.randn(ROWS, INPUTS).float().double()  # floats, so that both builds see the same rows
    score = X @ torch.randn(INPUTS, 3) + 0.5 * torch.randn(ROWS, 3)
    targets = {"squared": score[:, 0].sin() + 0.1 * score[:, 1], 1: (score[:, 0] > 0).double(),
               3: score.argmax(1).double()}
    with open("network_expected.h", "w") as out:
        out.write(f"""/*
 * Written by tests/numeric/network_reference.py with PyTorch {torch.__version__}; not for editing.
 * first and last are theta before the first step and after the tenth (NULL: not determined), in Python's repr, which reads back exactly.
 */
#ifndef NUMERIC_NETWORK_EXPECTED_H
#define NUMERIC_NETWORK_EXPECTED_H

enum {{ EXPECTED_ROWS = {ROWS}, EXPECTED_INPUTS = {INPUTS}, EXPECTED_STEPS = {STEPS} }};

static const double expected_X[EXPECTED_ROWS * EXPECTED_INPUTS] = {numbers(X.reshape(-1)).replace("(const double[])", "")};

static const struct expected_network {{
    const char *layers, *loss, *optimiser;
    double rate, l2;
    const double *y, *first, *last, *losses;
}} expected_network[] = {{
""")
        for case in CASES:
            out.write(run(*case, X, targets))
        out.write("};\n\n#endif\n")


main()

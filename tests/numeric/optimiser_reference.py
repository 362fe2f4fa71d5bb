#!/usr/bin/env python3
"""Writes optimiser_expected.h: first steps of the optimisers and step sizes of the schedules, as PyTorch 1.13 takes them.

    apt-get install python3-torch
    /usr/bin/python3 tests/numeric/optimiser_reference.py > tests/numeric/optimiser_expected.h

Least squares on 12 rows of 4 columns with l2, all rows a step, from a start that is not 0; everything in double.
adamw's decay is for the weights alone, as mlctl's is. Schedules: 10 epochs of 3 steps from a rate of 1.
"""
import torch
from torch.optim import lr_scheduler as lrs

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
ROWS, COLUMNS, STEPS, L2 = 12, 4, 10, 0.05
X = torch.round(torch.randn(ROWS, COLUMNS) * 1000) / 1000
y = torch.round(torch.randn(ROWS) * 1000) / 1000
start = torch.round(torch.randn(COLUMNS + 1) * 1000) / 1000

print("""/*
 * Written by tests/numeric/optimiser_reference.py with PyTorch 1.13; not for editing. Parameters are the weights and then
 * the bias, in Python's repr, which reads back exactly.
 */
#ifndef NUMERIC_OPTIMISER_EXPECTED_H
#define NUMERIC_OPTIMISER_EXPECTED_H

#include <stddef.h>
""")


def numbers(values, indent="    "):
    lines, line = [], ""
    for v in values:
        text = repr(float(v)) + ","
        if len(line) + len(text) > 100:
            lines.append(line)
            line = ""
        line += (" " if line else "") + text
    return ("\n" + indent).join(lines + [line])


def array(name, values):
    print(f"static const double {name}[] = {{\n    {numbers(values)}\n}};\n")


array("expected_X", X.flatten())
array("expected_y", y)
array("expected_start", start)


def steps(make, clip=0):
    w, b = start[:-1].clone().requires_grad_(), start[-1:].clone().requires_grad_()
    optimiser, out = make(w, b), []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = 0.5 * ((X @ w + b - y) ** 2).mean() + L2 / 2 * (w ** 2).sum()
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_([w, b], clip)
        optimiser.step()
        out += w.tolist() + b.tolist()
    return out


O = torch.optim
CASES = [
    ("gd", 0.1, 0, 0, lambda w, b: O.SGD([w, b], lr=0.1)),
    ("sgd", 0.1, 0, 0, lambda w, b: O.SGD([w, b], lr=0.1)),
    ("sgd", 0.1, 0, 0.2, lambda w, b: O.SGD([w, b], lr=0.1)),
    ("momentum", 0.05, 0, 0, lambda w, b: O.SGD([w, b], lr=0.05, momentum=0.9)),
    ("nesterov", 0.05, 0, 0, lambda w, b: O.SGD([w, b], lr=0.05, momentum=0.9, nesterov=True)),
    ("adagrad", 0.1, 0, 0, lambda w, b: O.Adagrad([w, b], lr=0.1)),
    ("rmsprop", 0.01, 0, 0, lambda w, b: O.RMSprop([w, b], lr=0.01)),
    ("adam", 0.01, 0, 0, lambda w, b: O.Adam([w, b], lr=0.01)),
    ("adamw", 0.01, 0.1, 0, lambda w, b: O.AdamW([{"params": [w], "weight_decay": 0.1},
                                                  {"params": [b], "weight_decay": 0}], lr=0.01)),
]
print(f"enum {{ EXPECTED_ROWS = {ROWS}, EXPECTED_COLUMNS = {COLUMNS}, EXPECTED_STEPS = {STEPS} }};")
print(f"#define EXPECTED_L2 {L2}\n")
print("""static const struct expected_steps {
    const char *optimiser;
    double rate, decay, clip;
    double theta[EXPECTED_STEPS * (EXPECTED_COLUMNS + 1)]; /* after each step */
} expected_steps[] = {""")
for name, rate, decay, clip, make in CASES:
    print(f'    {{ "{name}", {rate}, {decay}, {clip},\n      {{ {numbers(steps(make, clip), "        ")} }} }},')
print("};\n")

EPOCHS, PER_EPOCH = 10, 3
LOSSES = [1, 0.9, 0.95, 0.95, 0.8, 0.79999, 0.79998, 0.7, 0.71, 0.72]


def rates(make, each_step=False, watch=False):
    optimiser = O.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    schedule, out = make(optimiser), []
    for epoch in range(EPOCHS):
        for _ in range(PER_EPOCH):
            out.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            if each_step and len(out) < EPOCHS * PER_EPOCH:
                schedule.step()
        if watch:
            schedule.step(LOSSES[epoch])
        elif not each_step:
            schedule.step()
    return out


SCHEDULES = [
    ("constant", 0, rates(lambda o: lrs.ConstantLR(o, factor=1))),
    ("linear", 0, rates(lambda o: lrs.LinearLR(o, start_factor=1, end_factor=0, total_iters=EPOCHS * PER_EPOCH), True)),
    ("step:3:0.5", 0, rates(lambda o: lrs.StepLR(o, 3, gamma=0.5))),
    ("exponential:0.7", 0, rates(lambda o: lrs.ExponentialLR(o, 0.7))),
    ("cosine", 0, rates(lambda o: lrs.CosineAnnealingLR(o, EPOCHS * PER_EPOCH), True)),
    ("onecycle", 0, rates(lambda o: lrs.OneCycleLR(o, 1, total_steps=EPOCHS * PER_EPOCH), True)),
    ("plateau:2:0.1", 0, rates(lambda o: lrs.ReduceLROnPlateau(o, factor=0.1, patience=1), watch=True)),
    ("constant", 2, rates(lambda o: lrs.LinearLR(o, start_factor=1 / 6, total_iters=5), True)),
    ("cosine", 2, rates(lambda o: lrs.SequentialLR(
        o, [lrs.LinearLR(o, start_factor=1 / 6, total_iters=5), lrs.CosineAnnealingLR(o, 24)], [6]), True)),
]
print(f"enum {{ EXPECTED_EPOCHS = {EPOCHS}, EXPECTED_PER_EPOCH = {PER_EPOCH} }};")
print(f"static const double expected_losses[] = {{ {', '.join(map(str, LOSSES))} }}; /* of the epochs, for plateau */\n")
print("""static const struct expected_rates {
    const char *spec;
    double warmup;
    double rate[EXPECTED_EPOCHS * EXPECTED_PER_EPOCH];
} expected_rates[] = {""")
for spec, warmup, values in SCHEDULES:
    print(f'    {{ "{spec}", {warmup},\n      {{ {numbers(values, "        ")} }} }},')
print("};\n\n#endif")

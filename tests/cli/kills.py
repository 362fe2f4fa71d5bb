#!/usr/bin/env python3
"""
A run that is ended again and again, and goes on each time, writes the bytes of one that was left alone.

usage: kills.py MLCTL RUN COUNT [HOW,...]

RUN is a row of RUNS; COUNT are the ends that hit it while it was alive. HOW they come, by turns (all if not given):
  clock  SIGKILL at a random moment
  call   SIGKILL at the entry of a random system call of those that write, sync, rename and remove (needs strace)
  stop   SIGINT or SIGTERM at a random moment: ends with 130 or 143
  twice  the same, and once more within 50 ms
Works in a new directory here, which stays if something is not as it should be: then the exit status is 1. What a stop takes
is printed, and judged by whoever knows how busy the machine is: --within SECONDS and --again SECONDS.
"""
import argparse
import collections
import filecmp
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "datasets")
NUMBERS = [os.path.join(DATA, "diamonds.csv"), "-t", "price", "-q"]
CLASSES = [os.path.join(DATA, "penguins.csv"), "-t", "species", "-q"]
STATE = ["--checkpoint", "state", "--resume", "--every", "0.005s"]
NETWORK = ["--kind", "mlp", "--hidden", "24,12"]
SEARCH = [os.path.join(DATA, "diabetes.csv"), "-q", "--set", "kind=linear|mlp", "--set", "l2=1e-5..1:log",
          "--set", "hidden=8|16,8", "--set", "mlp.epochs=40", "--folds", "3", "--trials", "40"]
RUNS = {
    "lbfgs": ["train", *NUMBERS, *NETWORK, "--optimiser", "lbfgs", "--epochs", "80", *STATE],
    "gd": ["train", *NUMBERS, "--optimiser", "gd", "--epochs", "1500", *STATE],
    "interior": ["train", *NUMBERS, "--loss", "absolute", *STATE],
    "sgd": ["train", *NUMBERS, "--optimiser", "sgd", "--epochs", "400", "--schedule", "plateau:20:0.9", "--patience", "300", *STATE],
    "adam": ["train", *NUMBERS, *NETWORK, "--dropout", "0.1", "--batch-norm", "--patience", "12", "--epochs", "40",
             "--schedule", "cosine", "--warmup", "2", "--clip", "5", *STATE],
    "momentum": ["train", *CLASSES, *NETWORK, "--optimiser", "momentum", "--batch-norm", "--epochs", "500", *STATE],
    # the rows are prepared into a file of their own, from which an ended run goes on too
    "stream": ["train", *NUMBERS, *NETWORK, "--dropout", "0.1", "--patience", "12", "--epochs", "40", "--stream", "--cache", "rows", *STATE],
    # so many rows that it begins at the optimum of a sample
    "sample": ["train", "big.csv", "-q", "--l2", "1e-6", *STATE],
    "random": ["tune", *SEARCH, "--search", "random", "--threads", "1"],
    "halving": ["tune", *SEARCH, "--search", "halving"],
    "parallel": ["tune", *SEARCH, "--search", "random", "--threads", "4"],
}
CALLS = ["write", "fsync", "fchmod", "renameat", "unlink"]
MODEL, LOG, ROWS = "model.safetensors", "model.safetensors.tune.jsonl", "rows"


def big_table():
    with open(os.path.join(DATA, "breast_cancer.csv")) as file:
        head, *rows = file.readlines()
    with open("big.csv", "w") as file:
        file.write(head + 250 * "".join(rows))


def wrong(*what):
    print("not so:", *what)
    sys.exit(1)


class Run:
    def __init__(self, program, name):
        self.command = [program, *RUNS[name]]
        self.search = self.command[1] == "tune"
        self.counts = collections.Counter()
        self.slowest = collections.Counter()
        if "big.csv" in self.command:
            big_table()
        before = time.monotonic()
        self.start().wait()
        self.took = time.monotonic() - before
        os.rename(MODEL, "whole.safetensors")
        self.forget()

    def start(self, *before):
        return subprocess.Popen([*before, *self.command], stdout=subprocess.DEVNULL, stderr=open("err.txt", "w"))

    def forget(self):
        """What is left of a run that is done: nothing to go on from."""
        left = os.listdir("state") if os.path.isdir("state") else []
        if [name for name in left if not name.startswith(".mlctl-")]:
            wrong("a run that is done leaves", left)
        shutil.rmtree("state", ignore_errors=True)
        for name in [LOG, MODEL, ROWS] + [name for name in os.listdir(".") if name.startswith(".mlctl-")]:
            if os.path.exists(name):
                os.remove(name)

    def is_whole(self, why):
        if not filecmp.cmp(MODEL, "whole.safetensors", shallow=False):
            wrong("another model", why)

    def done(self, status):
        """It ended by itself."""
        if status != 0:
            wrong("status", status, open("err.txt").read())
        self.is_whole("at the end")
        self.forget()
        self.counts["ends"] += 1

    def moment(self):
        # shorter than the run as a whole, of which it has done a part already
        time.sleep(random.uniform(0, 0.7 * self.took))

    def killed(self, process, how):
        status = process.wait()
        if status not in (-signal.SIGKILL, 128 + signal.SIGKILL):
            return self.done(status)
        self.counts[how] += 1
        if os.path.exists(MODEL):
            self.is_whole("after a kill")
            self.counts["killed with the model there"] += 1
        if self.search and os.path.exists(LOG) and random.random() < 0.3:
            # what a machine that lost its power may keep of a line
            os.truncate(LOG, max(0, os.path.getsize(LOG) - random.randrange(1000)))

    def clock(self):
        process = self.start()
        self.moment()
        process.kill()
        self.killed(process, "clock")

    def call(self):
        call = random.choice(CALLS)
        # the first ones are those of the state, of which there are many; so are the last when the run is nearly done
        at = 1 if call == "unlink" else 1 + int(random.expovariate(0.2))
        self.killed(self.start("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
                               "-e", "inject=%s:signal=KILL:when=%d" % (call, at)), call)

    def stop(self, again=None):
        process, number = self.start(), random.choice([signal.SIGINT, signal.SIGTERM])
        self.moment()
        process.send_signal(number)
        sent, name = time.monotonic(), number.name
        if again is not None:
            time.sleep(again)
            process.send_signal(number)
            sent, name = time.monotonic(), name + " twice"
        status = process.wait()
        if status == 0:
            return self.done(status)
        took = time.monotonic() - sent
        if status not in (-number, 128 + number):
            wrong("status", status, "after", name, open("err.txt").read())
        self.counts[name] += 1
        self.slowest[name] = max(self.slowest[name], took)
        if os.path.exists(MODEL) and not self.search:
            os.remove(MODEL)  # the best so far, not yet the one that is looked for

    def twice(self):
        self.stop(random.uniform(0, 0.05))


parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("run", choices=RUNS)
parser.add_argument("count", type=int)
parser.add_argument("how", nargs="?", default="clock,call,stop,twice")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--within", type=float, default=float("inf"))
parser.add_argument("--again", type=float, default=float("inf"))
flags = parser.parse_args()
random.seed(flags.seed)
program = os.path.abspath(flags.program)
place = tempfile.mkdtemp(prefix="kills-", dir=".")
os.chdir(place)
run = Run(program, flags.run)
how, starts = flags.how.split(","), 0
while sum(run.counts.values()) - run.counts["ends"] - run.counts["killed with the model there"] < flags.count:
    getattr(run, how[starts % len(how)])()
    starts += 1
run.done(run.start().wait())
figures = ["%s %d" % (name, n) for name, n in sorted(run.counts.items())]
figures += ["slowest after %s %.0f ms" % (name, 1000 * took) for name, took in run.slowest.items()]
print("%s (%.2f s undisturbed): %d starts: %s; every end has the same bytes" % (flags.run, run.took, starts + 1, ", ".join(figures)))
for name, took in run.slowest.items():
    if took > (flags.again if name.endswith("twice") else flags.within):
        wrong("%.3f s" % took, "after", name)
os.chdir("..")
shutil.rmtree(place)

"""The fit alone from a matrix in memory by a peer; prints seconds, one number a line, and of lbfgs and sgd the log loss.
usage: peer_fit.py lbfgs FILE | sgd FILE | mlp BATCH EPOCHS THREADS     exit 77: the library is not installed"""
import sys
import time


def linear(job, path):
    import numpy as np
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    numbers = np.fromfile(path)
    n = len(numbers) // 29
    X, y = numbers[:n * 28].reshape(n, 28), numbers[n * 28:]
    if job == "lbfgs":
        model = LogisticRegression(C=1, max_iter=1000)
    else:
        model = SGDClassifier(loss="log_loss", max_iter=5, tol=None)
    start = time.perf_counter()
    model.fit(X, y)
    print(time.perf_counter() - start)
    z = model.decision_function(X)
    print(np.logaddexp(0, np.where(y > 0.5, -z, z)).mean())


def mlp(batch, epochs, threads):
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    n = 60000
    X, y = torch.rand(n, 784), torch.randint(0, 10, (n,))
    relu = torch.nn.ReLU
    net = torch.nn.Sequential(torch.nn.Linear(784, 128), relu(), torch.nn.Linear(128, 64), relu(), torch.nn.Linear(64, 10))
    loss = torch.nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(net.parameters(), foreach=True)
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(n)
        for first in range(0, n, batch):
            rows = order[first:first + batch]
            optimiser.zero_grad(set_to_none=True)
            loss(net(X[rows]), y[rows]).backward()
            optimiser.step()
        print(time.perf_counter() - start)


try:
    if sys.argv[1] == "mlp":
        mlp(*map(int, sys.argv[2:]))
    else:
        linear(*sys.argv[1:])
except ImportError:
    sys.exit(77)

"""The peer of bench/lenet.ts: iterative magnitude pruning of LeNet-300-100 on MNIST in PyTorch.

A tight in-memory loop, the mask multiplied into the weights before every forward pass. Driven through standard input, a
level at a time, so that both sides are measured in turn on a machine whose speed drifts.

usage: lenet_imp.py MNIST_DIRECTORY THREADS STEPS RATE
Each line read trains one level from the rewound weights and prunes; each line written is one level as JSON.
"""
import gzip
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F


def read_idx(directory, name):
    path = os.path.join(directory, name)
    opener = open if os.path.exists(path) else gzip.open
    with opener(path if opener is open else path + ".gz", "rb") as file:
        data = file.read()
    dimensions = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def main():
    directory, threads, steps, rate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    pixels = read_idx(directory, "train-images-idx3-ubyte")[:55000].reshape(-1, 784)
    images = torch.from_numpy(((pixels / 255 - 0.1307) / 0.3081).astype(np.float32))
    labels = torch.from_numpy(read_idx(directory, "train-labels-idx1-ubyte")[:55000].astype(np.int64))
    batch = 60
    sizes = [(784, 300), (300, 100), (100, 10)]
    initial = [torch.nn.init.xavier_normal_(torch.empty(o, i)) for i, o in sizes]
    masks = [torch.ones_like(weight) for weight in initial]
    print(json.dumps({"version": f"PyTorch {torch.__version__}"}), flush=True)

    for _ in sys.stdin:
        begin = time.perf_counter()
        weights = [weight.clone().requires_grad_() for weight in initial]
        biases = [torch.zeros(o, requires_grad=True) for _, o in sizes]
        optimizer = torch.optim.Adam([*weights, *biases], lr=1.2e-3)
        order = torch.randperm(len(images))
        trained = time.perf_counter()
        for step in range(steps):
            start = step * batch % (len(images) - batch)
            rows = order[start : start + batch]
            with torch.no_grad():
                for weight, mask in zip(weights, masks):
                    weight.mul_(mask)
            x = F.relu(F.linear(images[rows], weights[0], biases[0]))
            x = F.relu(F.linear(x, weights[1], biases[1]))
            loss = F.cross_entropy(F.linear(x, weights[2], biases[2]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        end = time.perf_counter()
        with torch.no_grad():
            scores = torch.cat([weight.abs()[mask > 0] for weight, mask in zip(weights, masks)])
            kept = len(scores)
            threshold = scores.kthvalue(round(rate * kept)).values
            for weight, mask in zip(weights, masks):
                mask.mul_((weight.abs() > threshold).float())
        result = {"kept": kept, "train": end - trained, "total": time.perf_counter() - begin}
        print(json.dumps(result), flush=True)


main()

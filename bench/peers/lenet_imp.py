"""The same job in PyTorch: LeNet-300-100 on MNIST, a tight in-memory loop, mask multiplied into the weights before every forward.

usage: lenet_imp.py MNIST_DIRECTORY THREADS STEPS DENSITY[,DENSITY...]
Prints one line of JSON: seconds per step at each density.
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
    opener = gzip.open if os.path.exists(path + ".gz") else open
    with opener(path + ".gz" if opener is gzip.open else path, "rb") as file:
        data = file.read()
    dimensions = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def main():
    directory, threads, steps, densities = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    images = torch.from_numpy((read_idx(directory, "train-images-idx3-ubyte")[:55000].reshape(-1, 784) / 255 - 0.1307).astype(np.float32) / 0.3081)
    labels = torch.from_numpy(read_idx(directory, "train-labels-idx1-ubyte")[:55000].astype(np.int64))
    batch = 60
    results = []
    for density in map(float, densities.split(",")):
        sizes = [(784, 300), (300, 100), (100, 10)]
        weights = [torch.nn.init.xavier_normal_(torch.empty(o, i)).requires_grad_() for i, o in sizes]
        biases = [torch.zeros(o, requires_grad=True) for _, o in sizes]
        masks = [(torch.rand(o, i) < density).float() for i, o in sizes]
        optimizer = torch.optim.Adam([*weights, *biases], lr=1.2e-3)

        def train(count):
            order = torch.randperm(len(images))
            for step in range(count):
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

        train(50)
        begin = time.perf_counter()
        train(steps)
        results.append({"density": density, "seconds": (time.perf_counter() - begin) / steps})
    print(json.dumps({"peer": f"PyTorch {torch.__version__}", "threads": torch.get_num_threads(), "steps": results}))


main()

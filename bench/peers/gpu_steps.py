"""The peer of bench/webgpu.ts: training steps in PyTorch on a CUDA device, eager and as one CUDA graph a step.

The data lie on the device, and batches are taken from them by index. Driven through standard input, so that both sides are
measured in turn.

usage: gpu_steps.py lenet-300-100|conv-4|resnet-20 eager|graph
Each line read is a JSON object {"steps": N} and gets {"seconds": S} in answer.
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

from convnets import Conv4, ResNet20


class LeNet(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
        )


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1.2e-3, capturable=True, fused=True)


def sgd(weight_decay):
    return lambda parameters: torch.optim.SGD(
        parameters, lr=0.01, momentum=0.9, weight_decay=weight_decay, fused=True
    )


NETWORKS = {
    "lenet-300-100": (LeNet, (1, 28, 28), 60, adam),
    "conv-4": (Conv4, (3, 32, 32), 128, sgd(0)),
    "resnet-20": (ResNet20, (3, 32, 32), 128, sgd(1e-4)),
}
EXAMPLES = 4096


class Training:
    def __init__(self, network):
        make, shape, self.batch, optimizer = NETWORKS[network]
        self.images = torch.randn(EXAMPLES, *shape, device="cuda")
        self.labels = torch.randint(10, (EXAMPLES,), device="cuda")
        self.rows = torch.zeros(self.batch, dtype=torch.int64, device="cuda")
        self.order = torch.randperm(EXAMPLES, device="cuda")
        self.model = make().cuda().train()
        self.optimizer = optimizer(self.model.parameters())
        self.number = 0

    def compute(self):
        loss = F.cross_entropy(self.model(self.images[self.rows]), self.labels[self.rows])
        self.optimizer.zero_grad(set_to_none=False)
        loss.backward()
        self.optimizer.step()

    def capture(self):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(5):
                self.compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.compute()
        self.compute = graph.replay

    def train(self, steps):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(steps):
            start = self.number * self.batch % (EXAMPLES - self.batch)
            self.rows.copy_(self.order[start : start + self.batch])
            self.compute()
            self.number += 1
        torch.cuda.synchronize()
        return time.perf_counter() - begin


def main():
    if not torch.cuda.is_available():
        sys.exit("no CUDA device")
    network, form = sys.argv[1], sys.argv[2]
    training = Training(network)
    training.train(5)
    if form == "graph":
        training.capture()
    print(json.dumps({"version": f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}"}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"seconds": training.train(json.loads(line)["steps"])}), flush=True)


main()

"""The peer of bench/convnets.ts: training steps of convolutional networks in PyTorch, dense or under a mask.

In the manner of facebookresearch/open_lth: the mask is multiplied into the weights before every forward pass, and the
pass is the dense one. The other form goes through torch.nn.utils.prune, which multiplies weight_orig by weight_mask in a
hook. The images, random and in memory, are taken by index, without a DataLoader. Driven through standard input, so that
both sides are measured in turn on a machine whose speed drifts.

usage: convnets.py NETWORK THREADS masked|torch-prune
Each line read is a JSON object and gets a JSON line in answer:
  {"open": [[weights, density], …]}  a fresh network; for each prunable layer in forward order how many weights it must have
                                     and which share of them a random mask keeps
  {"steps": N}                       trains N steps → {"seconds": S}
"""
import json
import sys
import time

import torch
import torch.nn.functional as F
import torch.nn.utils.prune
from torch import nn


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(torch.flatten(x, 1))))


class Conv4(nn.Module):
    """Frankle & Carbin 2019, figure 2; as in open_lth."""

    def __init__(self):
        super().__init__()
        widths = [3, 64, 64, 128, 128]
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in zip(widths, widths[1:]))
        self.fcs = nn.ModuleList([nn.Linear(8192, 256), nn.Linear(256, 256)])
        self.out = nn.Linear(256, 10)

    def forward(self, x):
        for index, conv in enumerate(self.convs):
            x = F.relu(conv(x))
            if index % 2 == 1:
                x = F.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        for fc in self.fcs:
            x = F.relu(fc(x))
        return self.out(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet20(nn.Module):
    """He et al. 2016, section 4.2, with the projections of open_lth."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        blocks = []
        inputs = 16
        for segment, outputs in enumerate([16, 32, 64]):
            for block in range(3):
                blocks.append(Block(inputs, outputs, 2 if segment > 0 and block == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.blocks(F.relu(self.bn(self.conv(x))))
        return self.fc(torch.flatten(F.avg_pool2d(x, x.size(3)), 1))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=1e-3)


def sgd(weight_decay):
    return lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=weight_decay)


NETWORKS = {
    "simple-cnn": (SimpleCNN, (1, 28, 28), 64, adam),
    "conv-4": (Conv4, (3, 32, 32), 128, sgd(0)),
    "resnet-20": (ResNet20, (3, 32, 32), 128, sgd(1e-4)),
}


class Training:
    def __init__(self, network, form, layers, images, labels):
        make, _, self.batch, optimizer = NETWORKS[network]
        self.images, self.labels = images, labels
        self.model = make()
        prunable = [module for module in self.model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
        sizes = [module.weight.numel() for module in prunable]
        if sizes != [size for size, _ in layers]:
            raise ValueError(f"not the same network: it has kernels of {sizes} weights here")
        self.masked = []
        for module, (_, density) in zip(prunable, layers):
            if density == 1:
                continue
            keep = max(1, round(density * module.weight.numel()))
            mask = torch.zeros(module.weight.numel())
            mask[torch.randperm(len(mask))[:keep]] = 1
            mask = mask.reshape(module.weight.shape)
            if form == "torch-prune":
                torch.nn.utils.prune.custom_from_mask(module, "weight", mask)
            else:
                self.masked.append((module.weight, mask))
        self.optimizer = optimizer(self.model.parameters())
        self.step = 0
        self.model.train()

    def train(self, steps):
        begin = time.perf_counter()
        for _ in range(steps):
            start = self.step * self.batch % (len(self.images) - self.batch)
            if start < self.batch:
                self.order = torch.randperm(len(self.images))
            rows = self.order[start : start + self.batch]
            for weight, mask in self.masked:
                weight.data *= mask
            loss = F.cross_entropy(self.model(self.images[rows]), self.labels[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.step += 1
        return time.perf_counter() - begin


def main():
    network, threads, form = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    images = torch.randn(4096, *NETWORKS[network][1])
    labels = torch.randint(10, (4096,))
    print(json.dumps({"version": f"PyTorch {torch.__version__}"}), flush=True)
    training = None
    for line in sys.stdin:
        command = json.loads(line)
        if "open" in command:
            training = Training(network, form, command["open"], images, labels)
            print("{}", flush=True)
        else:
            print(json.dumps({"seconds": training.train(command["steps"])}), flush=True)


if __name__ == "__main__":
    main()

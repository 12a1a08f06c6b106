"""The floor of every torch program's start: import torch, build a small net, take one optimizer step."""

import torch

net = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net(torch.ones(2, 8)).sum().backward()
optimizer.step()

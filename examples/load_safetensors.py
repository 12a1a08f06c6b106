"""Draw with weights of `nonesuch export RUN --to safetensors`, in plain torch. Usage: FILE OUT.png"""

import json
import sys

import torch
from PIL import Image
from safetensors import safe_open

from nonesuch.models.catalog import build

with safe_open(sys.argv[1], framework="pt") as file:
    about = json.loads(file.metadata()["nonesuch"])
    weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
net = build(about["net"], tuple(about["shape"]), len(about["classes"]), about["options"])
net = getattr(net, "generator", net).eval()
net.load_state_dict(weights)

z = torch.randn(1, net.latent, generator=torch.Generator().manual_seed(0))
with torch.inference_mode():
    drawn = net.decode(z) if hasattr(net, "decode") else net(z, torch.zeros(1, dtype=torch.int64))
pixels = ((drawn[0] + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
Image.fromarray(pixels.squeeze()).save(sys.argv[2])

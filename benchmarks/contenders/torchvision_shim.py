"""Lets torchvision's Python parts load where its compiled operators do not match the installed torch.

Import it before torchvision or fastai. Only the two operators that torchvision registers meta kernels for at
import are declared; datasets and transforms, which is all that is used here, never call them.
"""

import torch

_LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for _name in ("nms", "qnms"):
    _LIBRARY.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

"""Networks of generators that diffusers has no class for, and how they are run.

The files here import torch, diffusers and transformers at their top, so they are imported inside functions
only.
"""

from videophy_lab.torchvision_guard import guard_torchvision

# before any file of the networks imports transformers or diffusers
guard_torchvision()

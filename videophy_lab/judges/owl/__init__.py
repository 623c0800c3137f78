"""The mPLUG-Owl-video network of VideoPhy-2-AutoEval and VideoCon-Physics.

The files here import torch and transformers at their top, so they are imported inside functions only.
"""

from videophy_lab.torchvision_guard import guard_torchvision

# before any file of the network imports transformers
guard_torchvision()

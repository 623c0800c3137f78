"""Networks of judges that transformers has no class for.

The files here import torch and transformers at their top, so they are imported inside functions only.
"""

from videophy_lab.torchvision_guard import guard_torchvision

# before any file of the networks imports transformers
guard_torchvision()

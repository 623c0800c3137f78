"""Open generators that run on this machine, through diffusers."""

from videophy_lab.generators.diffusion.cogvideox import CogVideoX
from videophy_lab.generators.diffusion.cosmos import Cosmos1
from videophy_lab.generators.diffusion.hunyuan import HunyuanVideo
from videophy_lab.generators.diffusion.hunyuan15 import HunyuanVideo15
from videophy_lab.generators.diffusion.ltx import LTXVideo
from videophy_lab.generators.diffusion.mochi import Mochi
from videophy_lab.generators.diffusion.wan import Wan21, Wan22

__all__ = ["CogVideoX", "Cosmos1", "HunyuanVideo", "HunyuanVideo15", "LTXVideo", "Mochi", "Wan21", "Wan22"]

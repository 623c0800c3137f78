"""The mPLUG-Owl-video network of VideoPhy-2-AutoEval and VideoCon-Physics.

The files here import torch and transformers at their top, so they are imported inside functions only.
"""

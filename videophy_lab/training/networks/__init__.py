"""What is trained: a judge's network with an adapter, that gives the loss of answers.

The files here import torch at their top, so they are imported inside functions only.
"""

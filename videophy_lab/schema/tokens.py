"""What the prompts table's ``tokens_method`` says of a count that was made, and how much CLIP reads."""

from __future__ import annotations

CLIP_LIMIT = 77  # the marks of start and end included
COUNTED = "clip"

"""Videos side by side with captions, scores and ratings, played together, in a notebook or on a page."""

from __future__ import annotations

from videophy_lab.gallery.show import Gallery, Tile, show

__all__ = ["Gallery", "Tile", "show"]

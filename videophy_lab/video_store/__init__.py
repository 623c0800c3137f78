"""Made videos on the disk: files, side-cars, and the tables that are read from those."""

from __future__ import annotations

from videophy_lab.video_store.files import name_safely, write_whole
from videophy_lab.video_store.probed import is_probe_folder, read_probed
from videophy_lab.video_store.store import FAILED, MADE, VideoStore, is_video_store
from videophy_lab.video_store.tables import check_tables, read_videos, write_tables

__all__ = [
    "FAILED",
    "MADE",
    "VideoStore",
    "check_tables",
    "is_probe_folder",
    "is_video_store",
    "name_safely",
    "read_probed",
    "read_videos",
    "write_tables",
    "write_whole",
]

"""Look into videos, take frames from them, write them: FFmpeg through PyAV, imported when it is needed."""

from __future__ import annotations

from videophy_lab.video.ahead import decode_ahead
from videophy_lab.video.clip import Clip, FrameView, VideoError, VideoInfo
from videophy_lab.video.decode import decode_clip
from videophy_lab.video.encode import encode_video, hash_frames
from videophy_lab.video.probe import probe_video
from videophy_lab.video.sampling import SAMPLING, sample_frames

__all__ = [
    "SAMPLING",
    "Clip",
    "FrameView",
    "VideoError",
    "VideoInfo",
    "decode_ahead",
    "decode_clip",
    "encode_video",
    "hash_frames",
    "probe_video",
    "sample_frames",
]

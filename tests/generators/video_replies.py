"""How Luma, OpenAI and Google describe a job, and the video that a job makes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from videophy_lab.video import encode_video

LUMA, OPENAI, VEO, VERTEX = "luma", "openai", "veo", "vertex"
RUNNING_STATES = {LUMA: "dreaming", OPENAI: "in_progress", VEO: "running", VERTEX: "running"}
FPS = 4


@cache
def make_clip(seconds: float) -> bytes:
    """Make a small real video."""
    frames = np.zeros((round(seconds * FPS), 32, 48, 3), np.uint8)
    for number, frame in enumerate(frames):
        frame[8:16, 2 * number : 2 * number + 8] = 200
    with TemporaryDirectory() as folder:
        return encode_video(frames, Path(folder) / "clip.mp4", fps=FPS).read_bytes()


@dataclass
class Sold:
    """A job that was made."""

    name: str
    protocol: str
    text: str
    body: Mapping[str, Any]
    at: float
    looks: int = 0
    expired: int = 0


def read_seconds(job: Sold) -> float:
    """Give the length that was ordered."""
    if "parameters" in job.body:
        return float(job.body["parameters"]["durationSeconds"])
    return float(job.body.get("seconds") or job.body["duration"].removesuffix("s"))


def describe_luma(address: str, echoes: bool, job: Sold, state: str, reason: str) -> dict[str, Any]:
    file = f"{address}/assets/{job.name}.mp4?signature={job.looks}"
    return {
        "id": job.name,
        "generation_type": "video",
        "state": state,
        "failure_reason": reason or None,
        "created_at": datetime.fromtimestamp(job.at, UTC).isoformat(),
        "assets": {"video": file} if state == "completed" else None,
        "model": job.body["model"],
        "request": {"generation_type": "video", **job.body} if echoes else None,
    }


def describe_openai(address: str, echoes: bool, job: Sold, state: str, reason: str) -> dict[str, Any]:
    code, _, message = reason.rpartition(": ")
    return {
        "id": job.name,
        "object": "video",
        "created_at": int(job.at),
        "status": state,
        "progress": 0,
        "error": {"code": code or "server_error", "message": message} if reason else None,
        "prompt": job.text if echoes else None,
        **{name: job.body[name] for name in ("model", "seconds", "size")},
    }


def describe_veo(address: str, echoes: bool, job: Sold, state: str, reason: str) -> dict[str, Any]:
    described: dict[str, Any] = {"name": f"models/veo-test/operations/{job.name}"}
    if job.protocol == VERTEX:
        described["name"] = f"projects/p/locations/l/publishers/google/{described['name']}"
    if state == "running":
        return described
    if reason.startswith("content"):
        return describe_done(
            job, described, {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [reason]}
        )
    if reason:
        return described | {"done": True, "error": {"code": 13, "message": reason}}
    if job.protocol == VERTEX:
        data = base64.b64encode(make_clip(read_seconds(job))).decode()
        return describe_done(
            job, described, {"videos": [{"bytesBase64Encoded": data, "mimeType": "video/mp4"}]}
        )
    uri = f"https://generativelanguage.googleapis.com/v1beta/files/{job.name}:download?alt=media"
    return describe_done(job, described, {"generatedSamples": [{"video": {"uri": uri}}]})


def describe_done(job: Sold, described: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    answer = answer if job.protocol == VERTEX else {"generateVideoResponse": answer}
    return described | {"done": True, "response": answer}


DESCRIBE = {LUMA: describe_luma, OPENAI: describe_openai, VEO: describe_veo, VERTEX: describe_veo}

"""How many GPU hours a run takes, from a formula that anyone can check."""

from __future__ import annotations


def describe_hours(videos: int, operations: float, *, tokens: int, passes: int, tflops: float) -> str:
    """Say how many GPU hours videos take, and on what that rests.

    Parameters
    ----------
    videos : int
    operations : float
        Floating-point operations of one video.
    tokens, passes : int
        From which they follow.
    tflops : float
        Tera operations a second, assumed. The default, 400, is about what one H100 did in the figures that
        the authors print: CogVideoX-5B 90 s (400), Cosmos-1.0-7B 380 s (430), HunyuanVideo at 720p 1904 s
        (350); an A100 does half (CogVideoX-5B: 180 s).
    """
    seconds = operations / (tflops * 1e12)
    hours = videos * seconds / 3600
    many = "1 video" if videos == 1 else f"{videos:,} videos"
    return (
        f"about {hours:,.1f} GPU hours: {many} of about {seconds:,.0f} s "
        f"({tokens:,} tokens, {passes} passes, {operations / 1e15:,.1f} Pflop; assumed {tflops:g} Tflop/s, "
        "as one H100 does, an A100 half; without loading, text and decoding)"
    )

"""How many GPU hours VideoCrafter2 takes, from the operations of its networks."""

from __future__ import annotations

# operations of the denoiser for one latent pixel of one frame, and of the decoder, counted by torch's
# FlopCounterMode at 16 frames of 320x512: 12.58e12 a pass, 1.56e12 a frame
PASS_OPERATIONS, DECODER_OPERATIONS = 3.07e8, 6.11e8
# Tflop/s that one H100 is assumed to do: nearly half of its peak in fp32, a quarter in half precision
SPEEDS = {"fp32": 30.0, "fp16": 250.0, "bf16": 250.0}


def describe_hours(videos: int, pixels: int, passes: int, *, dtype: str, tflops: float = 0.0) -> str:
    """Say how many GPU hours videos take, and on what that rests.

    Parameters
    ----------
    videos : int
    pixels : int
        Latent pixels of all frames of one video.
    passes : int
        Of the denoiser.
    dtype : {"fp32", "fp16", "bf16"}
        Its precision; the decoder always runs in fp32.
    tflops : float
        Tera operations a second; 0 assumes those of an H100.
    """
    speed = tflops or SPEEDS[dtype]
    denoising = passes * PASS_OPERATIONS * pixels / 1e12
    decoding = DECODER_OPERATIONS * pixels / 1e12
    seconds = denoising / speed + decoding / (tflops or SPEEDS["fp32"])
    many = "1 video" if videos == 1 else f"{videos:,} videos"
    return (
        f"about {videos * seconds / 3600:,.1f} GPU hours: {many} of about {seconds:,.0f} s ({passes} passes, "
        f"{denoising:,.0f} Tflop, and {decoding:,.0f} for decoding; assumed {speed:g} Tflop/s in {dtype}, as "
        "one H100 may do; not measured, and without loading)"
    )

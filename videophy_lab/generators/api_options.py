"""What can be set of a generator behind a paid service, and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from videophy_lab.generators.api_prices import parse_price
from videophy_lab.generators.base import CAPTIONS, LONGEST_SECONDS
from videophy_lab.llm.keys import check_address, check_variable


@dataclass(kw_only=True)
class ApiOptions:
    """Options of every generator behind a paid service.

    Parameters
    ----------
    model : str
        Name at the service.
    base_url : str
        Address of another server that speaks the service's protocol; the service's own when empty.
    key_variable : str
        Environment variable that holds the key. The key itself is never an option.
    captions : {"auto", "original", "upsampled"}
        Which text is sent; ``auto`` takes the upsampled caption where there is one.
    duration : int
        Seconds of a video, under 6.
    concurrency : int
        Most jobs at the same time.
    poll_start, poll_factor, poll_most : float
        Seconds before the first look at a job, what they are multiplied with, and the most of them.
    job_timeout : float
        Seconds after which a job is left alone; the next run asks for it again.
    attempts : int
        Most calls for one step.
    timeout, download_timeout : float
        Seconds of one call and of one download.
    backoff, longest_wait : float
        Seconds before the second attempt (doubled each time), and most seconds before any.
    list_delay : float
        Seconds after which a job that was accepted is believed to be in the service's list of jobs.
    most_mb : float
        Largest video, in megabytes.
    price : str
        US dollars, ``0.40/s`` or ``0.71/video``; the list price when empty, where it is known.
    resubmit : bool
        Pay for a new job where an old one may have been paid for and cannot be found.
    """

    model: str = ""
    base_url: str = ""
    key_variable: str = ""
    captions: str = "auto"
    duration: int = 5
    concurrency: int = 4
    poll_start: float = 5.0
    poll_factor: float = 1.5
    poll_most: float = 30.0
    job_timeout: float = 1800.0
    attempts: int = 6
    timeout: float = 60.0
    download_timeout: float = 300.0
    backoff: float = 1.0
    longest_wait: float = 120.0
    list_delay: float = 30.0
    most_mb: float = 500.0
    price: str = ""
    resubmit: bool = False

    def __post_init__(self) -> None:
        self.base_url = check_address(self.base_url)
        check_variable(self.key_variable)
        check_choice("captions", self.captions, CAPTIONS)
        check_duration(self.duration)
        parse_price(self.price)
        for name in ("concurrency", "attempts", "poll_factor"):
            if not getattr(self, name) >= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        for name in ("poll_start", "poll_most", "job_timeout", "timeout", "download_timeout", "longest_wait"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0 seconds.")
        for name in ("backoff", "list_delay", "most_mb"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 0 or more.")


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Check an option that has few values; raise ValueError naming them."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}. Allowed: {', '.join(map(repr, allowed))}.")


def check_duration(seconds: float, allowed: Sequence[int] = ()) -> None:
    """Check that a video stays below six seconds, as the benchmark's do, and that the service makes such.

    Raises
    ------
    ValueError
    """
    if allowed and seconds not in allowed and 0 < seconds < LONGEST_SECONDS:
        words = " or ".join(map(str, allowed))
        raise ValueError(
            f"duration is {seconds} s, and the service makes {words} s. Remedy: duration={words}."
        )
    if not 0 < seconds < LONGEST_SECONDS:
        most = max(allowed, default=math.ceil(LONGEST_SECONDS) - 1)
        raise ValueError(
            f"duration is {seconds} s; it must be more than 0, and the benchmark's videos stay under "
            f"{LONGEST_SECONDS:g} s. Remedy: duration={most} or less."
        )

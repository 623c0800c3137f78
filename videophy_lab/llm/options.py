"""How a language model is called: patience, pace, price and where answers are kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class CallOptions:
    """Options of calls, which a user of the client may hand on as they are.

    Parameters
    ----------
    cache : str
        Folder of answers; one in the user's cache folder when empty.
    refresh : bool
        Ask again what is in the cache, and keep the new answer.
    concurrency : int
        Most requests on their way at once, of one process.
    requests_per_minute : float
        Most calls begun in a minute, of one process; 0 sets no limit.
    attempts : int
        Most calls for one request.
    answer_retries : int
        How often a model is told what is wrong with its answer and asked again.
    timeout : float
        Seconds of one call.
    backoff, longest_wait : float
        Seconds before the second attempt (doubled each time), and most seconds before any.
    price : str
        ``"in,out"`` in US dollars a million tokens; the list price when empty.
    """

    cache: str = ""
    refresh: bool = False
    concurrency: int = 8
    requests_per_minute: float = 0.0
    attempts: int = 6
    answer_retries: int = 2
    timeout: float = 180.0
    backoff: float = 1.0
    longest_wait: float = 120.0
    price: str = ""

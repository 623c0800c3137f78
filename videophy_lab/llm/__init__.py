"""The one client of language models: structured answers, retries, limits, a cache, prices.

Nothing here knows what is asked. Keys come from the environment and appear nowhere else.
"""

from __future__ import annotations

from videophy_lab.llm.client import LanguageModel
from videophy_lab.llm.exchange import ANSWERED, FAILED, REFUSED, UNREADABLE, Media, Reply, Request, Usage
from videophy_lab.llm.keys import check_address, check_variable, is_local
from videophy_lab.llm.options import CallOptions
from videophy_lab.llm.standing import ProviderError

__all__ = [
    "ANSWERED",
    "FAILED",
    "REFUSED",
    "UNREADABLE",
    "CallOptions",
    "LanguageModel",
    "Media",
    "ProviderError",
    "Reply",
    "Request",
    "Usage",
    "check_address",
    "check_variable",
    "is_local",
]

"""What errors of the services' libraries mean: whether to try again, whether a job may have been made."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from videophy_lab.generators.api_service import TooLargeError, UnreadableError
from videophy_lab.llm.patience import PASSING_STATUSES, Patience, Trouble
from videophy_lab.llm.standing import ABSENT, ACCESS, ACCOUNT, KEY, MODEL, STRANGE, CallError

SUBMIT, POLL, LIST, DOWNLOAD = "submit", "poll", "list", "download"
FAULTS = {401: KEY, 402: ACCOUNT, 403: ACCESS}
# an address that has run out, or a file that is there no more
EXPIRED_STATUSES = (401, 403, 404, 410)
# the request may have got through although its answer did not
DOUBTFUL_STATUSES = (408, 409, 425)
NO_MONEY = re.compile(
    r"insufficient[_ ](quota|credit|fund|balance)|billing_(hard_limit|not_active|disabled)|"
    r"not enough credit|out of credit|credits? (is|are) (used up|exhausted)|payment required",
    re.IGNORECASE,
)
BAD_KEY = re.compile(r"API_KEY_INVALID|API key not valid|invalid api key|incorrect api key", re.IGNORECASE)
BAD_MODEL = re.compile(
    r"model_not_found|(unknown|invalid|unsupported) model|"
    r"model\b.{0,80}(not found|not exist|unsupported|not supported|unknown|invalid)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Setback:
    """What went wrong in one attempt at one step.

    Attributes
    ----------
    trouble : Trouble
    accepted : bool
        Whether a submission may have been accepted all the same.
    expired : bool
        Whether a download needs a new address.
    """

    trouble: Trouble
    accepted: bool = False
    expired: bool = False


class StepError(CallError):
    """A step failed.

    Attributes
    ----------
    setback : Setback
    """

    def __init__(self, setback: Setback, reason: str = "") -> None:
        super().__init__(reason or setback.trouble.reason, setback.trouble.fault)
        self.setback = setback


def read_setback(error: Exception, step: str, patience: Patience, timeout: float) -> Setback:
    """Read what an error means at a step.

    Parameters
    ----------
    error : Exception
        Of a service's library.
    step : {"submit", "poll", "list", "download"}
    patience : Patience
    timeout : float
        Seconds that the attempt had.
    """
    causes = list(walk_causes(error))
    names = {name for cause in causes for name in name_classes(cause)}
    status = find_status(error)
    described = describe_error(error)
    said = patience.hide(described)
    # a service that has answered is known to be the right one, and has trouble with this request
    strange = "" if patience.standing.answered else STRANGE
    if isinstance(error, TooLargeError):
        return Setback(Trouble(said, passing=False))
    if status is not None and status >= 400:
        fault = name_fault(status, f"{described} {error}", step)
        return read_status(Trouble(f"HTTP {status}: {said}", False, read_wait(error), status, fault), step)
    if "ConnectError" in names or "ConnectTimeout" in names or "ConnectionRefusedError" in names:
        reason = f"no connection: {patience.hide(str(causes[-1]))}"
        return Setback(Trouble(reason, passing=True, fault=ABSENT))
    if any("Timeout" in name for name in names):
        reason = f"no answer within {timeout:g} s"
        return Setback(Trouble(reason, passing=True, fault=strange), accepted=True)
    if any(type(cause).__module__.startswith("google.auth") for cause in causes):
        return Setback(Trouble(f"no way to sign in: {said}", passing=False, fault=KEY))
    if names & {"TransportError", "ConnectionError"}:
        root = patience.hide(str(causes[-1]) or type(causes[-1]).__name__)
        return Setback(Trouble(f"the connection broke: {root}", passing=True), accepted=True)
    if names & {"UnreadableError", "ValueError", "APIError", "KeyError", "AttributeError", "TypeError"}:
        reason = f"the service's reply is not of the protocol: {said}"
        return Setback(Trouble(reason, passing=True, fault=strange), accepted=True)
    return Setback(Trouble(f"{type(error).__name__}: {said}", passing=False), accepted=True)


def name_fault(status: int, said: str, step: str) -> str:
    """Name why every other request would fail like one with this HTTP status; empty where none need to."""
    if status < 500 and NO_MONEY.search(said):
        return ACCOUNT
    if status == 400 and BAD_KEY.search(said):
        return KEY
    if step == SUBMIT and (status == 404 or (status in (400, 422) and BAD_MODEL.search(said))):
        return MODEL
    return "" if step == DOWNLOAD and status in EXPIRED_STATUSES else FAULTS.get(status, "")


def read_status(trouble: Trouble, step: str) -> Setback:
    """Read what an HTTP error status means at a step."""
    status = trouble.status or 0
    expired = step == DOWNLOAD and status in EXPIRED_STATUSES
    # a job that was just made may not be known everywhere yet
    late = step == POLL and status == 404
    passing = expired or late or status in PASSING_STATUSES or status >= 500
    accepted = status >= 500 or status in DOUBTFUL_STATUSES
    return Setback(replace(trouble, passing=passing and not trouble.fault), accepted, expired)


def walk_causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and those from which it comes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def name_classes(error: BaseException) -> set[str]:
    """Name the classes of an error: the libraries do not share theirs, but name them alike."""
    return {kind.__name__ for kind in type(error).__mro__}


def find_status(error: Any) -> int | None:
    """Give the HTTP status of an error."""
    for value in (
        getattr(error, "status_code", None),
        getattr(error, "code", None),
        getattr(getattr(error, "response", None), "status_code", None),
    ):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def describe_error(error: Any) -> str:
    """Give what a service said, or else the error's text."""
    body = getattr(error, "body", None) or getattr(error, "details", None)
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    for name in ("error", "detail", "message"):
        if isinstance(body, dict) and body.get(name):
            rest, body = body, body[name]
            code = rest.get("code") or rest.get("type")
            if isinstance(body, str) and isinstance(code, str):
                body = f"{body} ({code})"
    if isinstance(body, dict | list):
        body = json.dumps(body, ensure_ascii=False, default=str)
    return str(body or error) or type(error).__name__


def read_wait(error: Any) -> float:
    """Give the seconds that a service asks to wait, by header or Google's retryDelay; NaN if it does not."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = str(headers.get(name) or "").strip()
        try:
            return max(0.0, float(text) * unit)
        except ValueError:
            pass
        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, IndexError):
            pass
    found = re.search(r"retryDelay\W+(\d+(?:\.\d+)?)s", str(getattr(error, "details", "")))
    return float(found[1]) if found else math.nan


def check_readable(reply: Any, kind: type, name: str | None) -> None:
    """Check that a reply is of its class and names a job; the libraries let other things through.

    Raises
    ------
    UnreadableError
    """
    if not isinstance(reply, kind) or not isinstance(name, str) or not name.strip():
        raise UnreadableError(f"a {type(reply).__name__} without a job: {str(reply)[:200]}")

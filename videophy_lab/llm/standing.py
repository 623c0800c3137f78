"""Whether other requests would fail like the one that just did, and what then ends them all."""

from __future__ import annotations

from dataclasses import dataclass

KEY, ACCESS, MODEL, ACCOUNT = "key", "access", "model", "account"
QUEUE, ABSENT, STRANGE = "queue", "absent", "strange"
SURE = (KEY, MODEL, ACCOUNT)
# once the model has answered, these may be about one request
SURE_AT_FIRST = (ACCESS, ABSENT)
MOST_IN_A_ROW = 3
REMEDIES = {
    KEY: "{provider} does not know the key. Remedy: export a valid one as {variable}",
    ACCESS: "{provider} does not let this key (of {variable}) in. Remedy: allow it there, or export another",
    MODEL: "{provider} has no model {model!r}. Remedy: correct model, or base_url",
    ACCOUNT: "the credit or the quota at {provider} is used up. Remedy: raise it, or go on another day",
    QUEUE: "{provider} asks to wait too long. Remedy: go on later, or raise longest_wait",
    ABSENT: "no server is to be reached at {provider}. Remedy: start it, or correct base_url",
    STRANGE: "{provider} gives no answer of the protocol. Remedy: correct base_url, or raise timeout",
}


class ProviderError(OSError):
    """No request to a provider is worth sending any more; the text is the reason with its remedy."""


class CallError(Exception):
    """A call failed for good; the text is the reason.

    Attributes
    ----------
    fault : str
        Why every other request would fail like it; empty where the reason is this one's own.
    """

    def __init__(self, reason: str, fault: str = "") -> None:
        super().__init__(reason)
        self.fault = fault


@dataclass
class Standing:
    """How a provider has treated the requests so far.

    Attributes
    ----------
    provider, model, variable : str
        The provider's address, the model's name, and the variable of the key, for errors.
    answered : bool
        Whether the model has said anything.
    failures : int
        Requests in a row that failed for no reason of their own.
    """

    provider: str
    model: str
    variable: str
    answered: bool = False
    failures: int = 0

    def note_answer(self) -> None:
        """Note that the model said something."""
        self.answered, self.failures = True, 0

    def note_failure(self, error: CallError) -> None:
        """Note that a request failed.

        Raises
        ------
        ProviderError
            All others would fail like it.
        """
        self.failures = self.failures + 1 if error.fault else 0
        sure = error.fault in SURE or (error.fault in SURE_AT_FIRST and not self.answered)
        if sure or self.failures >= MOST_IN_A_ROW:
            self.failures = 0
            remedy = REMEDIES[error.fault].format(
                provider=self.provider, model=self.model, variable=self.variable
            )
            # what the error comes from may hold the key
            raise ProviderError(f"{remedy} ({error})") from None

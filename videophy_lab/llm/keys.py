"""Keys of providers: from the environment into the call, and nowhere else."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

HIDDEN = "(key)"
# a shorter one would also be found inside innocent words
SHORTEST = 4


def check_variable(name: str) -> str:
    """Check the name of an environment variable; it is not repeated in the error, since it may be a key.

    Raises
    ------
    ValueError
        It is not written in capitals, digits and underscores.
    """
    if name and not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", name):
        raise ValueError(
            "key_variable must be the name of an environment variable in capitals, such as MY_SERVER_KEY, "
            "and not a key. Remedy: export the key under such a name, and give that name."
        )
    return name


def check_address(base_url: str) -> str:
    """Check the address of a server, and give it without a closing slash; empty stays empty.

    Raises
    ------
    ValueError
        It is no http address, or holds a password or a query, which may be a key and is not repeated.
    """
    parts = urlsplit(base_url)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "base_url holds a name, a password or a query. Remedy: give the plain address, such as "
            "http://localhost:8000/v1, and the key by an environment variable (option key_variable)."
        )
    if base_url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError(f"base_url is {base_url!r}. Remedy: give one such as http://localhost:8000/v1")
    return base_url.rstrip("/")


def is_local(base_url: str) -> bool:
    """Tell whether an address is on this machine or in its own network, where a server may need no key."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return bool(host) and ("." not in host or host.endswith((".local", ".localhost")))


def find_key(variables: Sequence[str]) -> str:
    """Give the key in the first of the environment variables that holds one; empty where none does."""
    return next((key for name in variables if (key := os.environ.get(name, "").strip())), "")


def require_key(variables: Sequence[str], base_url: str) -> str:
    """Give the key; empty for a local server that was given none.

    Raises
    ------
    ValueError
        There is none, or it holds what no header can carry; the variable to export is named.
    """
    key = find_key(variables)
    if key and not (key.isascii() and key.isprintable()):
        raise ValueError(
            f"the key in {' or '.join(variables)} has characters that no key has. Remedy: export it again."
        )
    if key or is_local(base_url):
        return key
    if not variables:
        raise ValueError(
            f"{base_url} is no local address, and no key is named for it. Remedy: export its key as, for "
            "example, MY_SERVER_KEY, and give the option key_variable=MY_SERVER_KEY."
        )
    raise ValueError(
        f"there is no key for the provider. Remedy: export {variables[0]}=… (the key itself is never an "
        f"option){', or ' + ' or '.join(variables[1:]) if len(variables) > 1 else ''}."
    )


def scrub(text: str, key: str) -> str:
    """Take a key out of a text, however it is written there."""
    if len(key) < SHORTEST:
        return text
    for written in {key, quote(key, safe=""), json.dumps(key)[1:-1]}:
        text = text.replace(written, HIDDEN)
    return text

"""What goes into `Authorization`: Basic as it is, or tokens, one for each set of scopes.

Source: distribution's "Token Authentication Specification" and "OAuth2 Token Authentication"; RFC 7617 for Basic.
Must not let a secret out: what a server says is masked, and no answer is quoted that gives a token.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from cargo_stow.errors import RegistryError
from cargo_stow.oci.registry.answers import read_json, read_message
from cargo_stow.oci.registry.challenge import Challenge, parse_challenges
from cargo_stow.oci.registry.errors import make_answer_error
from cargo_stow.oci.registry.exchange import Message, host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargo_stow.oci.credentials import Credentials
    from cargo_stow.oci.registry.exchange import Exchange

_OK = 200
_DENIED = frozenset({401, 403})
# RFC 6749, section 5.2: `invalid_grant`, a refresh token that is no longer good.
_BAD_GRANT = 400
_CLIENT = "cargo-stow"


class DeniedError(Exception):
    """No token for this; the text is what the server said. Never leaves this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The origin that asks for credentials: its address, `https://host:port`, and its `verify` of requests."""

    url: str
    verify: bool | str = True


class Authorizer:
    """Answers the challenges of one registry. Remembers which it was, so that later questions are asked with it."""

    def __init__(self, credentials: Credentials, exchange: Exchange) -> None:
        self._credentials = credentials
        self._exchange = exchange
        self._challenge: Challenge | None = None
        self._tokens: dict[frozenset[str], str] = {}

    def header(self, scopes: Sequence[str], site: Site) -> str:
        """The value of `Authorization`; "" while no challenge was met. Raises DeniedError and RegistryError."""
        if self._challenge is None:
            return ""
        if self._challenge.scheme == "basic":
            return self._basic()
        key = frozenset(scopes)
        if key not in self._tokens:
            self._tokens[key] = self._fetch(self._challenge, scopes, site)
        return f"Bearer {self._tokens[key]}"

    def learn(self, header: str, scopes: Sequence[str], site: Site) -> None:
        """Take in a challenge; a token that was refused is forgotten. Raises DeniedError where nothing can meet it."""
        challenge = _choose(parse_challenges(header))
        if challenge.scheme == "basic" and not self._credentials.password:
            raise DeniedError("")
        self._challenge = challenge
        if challenge.scheme == "bearer":
            # The challenge may name a scope of the registry's own; ours may be more (push as well as pull).
            wanted = [*scopes, *(scope for scope in challenge.scopes if not _is_covered(scope, scopes))]
            self._tokens[frozenset(scopes)] = self._fetch(challenge, wanted, site)

    def masked(self, text: str) -> str:
        """The text without our secrets."""
        for secret in (*self._tokens.values(), self._basic().removeprefix("Basic ")):
            text = text.replace(secret, "***") if secret else text
        return self._credentials.masked(text)

    def _basic(self) -> str:
        if not self._credentials.user and not self._credentials.password:
            return ""
        pair = f"{self._credentials.user}:{self._credentials.password}"
        return "Basic " + base64.b64encode(pair.encode()).decode("ascii")

    def _fetch(self, challenge: Challenge, scopes: Sequence[str], site: Site) -> str:
        message = self._make_message(challenge, scopes)
        host = host_of(challenge.realm)
        if not challenge.realm.startswith(("https://", "http://")) or _would_leak(challenge.realm, site):
            raise RegistryError(f"the registry at {host_of(site.url)} wants tokens from where we do not send secrets")
        verify = site.verify if host_of(site.url) == host else self._exchange.verify
        with self._exchange.send(replace(message, verify=verify)) as response:
            if response.status_code in _DENIED or (message.body and response.status_code == _BAD_GRANT):
                raise DeniedError(self.masked(read_message(response)))
            if response.status_code != _OK:
                text = self.masked(read_message(response))
                raise make_answer_error(response.status_code, text, host, "get a token")
            found = read_json(response)
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token.isprintable() or not token.isascii():
            raise RegistryError(f"the registry at {host} gave no token when asked for one")
        return token

    def _make_message(self, challenge: Challenge, scopes: Sequence[str]) -> Message:
        service = [("service", challenge.service)] if challenge.service else []
        if self._credentials.identity_token:
            form = [
                *(("grant_type", "refresh_token"), ("client_id", _CLIENT), ("scope", " ".join(scopes))),
                *(*service, ("refresh_token", self._credentials.identity_token)),
            ]
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return Message(
                method="POST", url=challenge.realm, headers=headers, body=lambda: urlencode(form), moves=False
            )
        account = [("account", self._credentials.user)] if self._credentials.user else []
        query = urlencode([*service, *(("scope", scope) for scope in scopes), *account])
        joint = "&" if "?" in challenge.realm else "?"
        return Message(method="GET", url=f"{challenge.realm}{joint}{query}", authorization=self._basic())


def _choose(challenges: Sequence[Challenge]) -> Challenge:
    """Tokens, where they are offered: they say what they are for, and the password travels less."""
    for scheme in ("bearer", "basic"):
        for challenge in challenges:
            if challenge.scheme == scheme and (scheme == "basic" or challenge.realm):
                return challenge
    raise DeniedError("")


def _is_covered(scope: str, ours: Sequence[str]) -> bool:
    subject, _, actions = scope.rpartition(":")
    return any(
        subject == own.rpartition(":")[0] and set(actions.split(",")) <= set(own.rpartition(":")[2].split(","))
        for own in ours
    )


def _would_leak(realm: str, site: Site) -> bool:
    """A registry asked over TLS must not have us send the password in plain text."""
    return realm.startswith("http://") and site.url.startswith("https://")

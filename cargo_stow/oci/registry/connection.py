"""A server that is talked to: its scheme, its authority, its credentials, and the questions that it is asked."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

from cargo_stow.errors import RegistryError
from cargo_stow.oci.registry.answers import read_message
from cargo_stow.oci.registry.errors import UnreachableError, make_answer_error, make_credentials_error
from cargo_stow.oci.registry.exchange import Message, host_of, origin
from cargo_stow.oci.registry.tokens import Authorizer, DeniedError, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import requests

    from cargo_stow.oci.credentials import Credentials
    from cargo_stow.oci.registry.endpoints import Host
    from cargo_stow.oci.registry.exchange import Exchange
    from cargo_stow.reference import ImageRef

_UNAUTHORIZED, _FORBIDDEN = 401, 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request of the API, about an image. `path` is below `/v2/`, or a whole address that the registry gave."""

    method: str
    path: str
    reference: ImageRef
    scopes: Sequence[str]
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], Any] | None = None
    repeated: bool = True


class Connection:
    """Asks one server. Credentials go to its origin alone."""

    def __init__(self, host: Host, credentials: Credentials, exchange: Exchange) -> None:
        self._host = host
        self._credentials = credentials
        self._exchange = exchange
        self._authorizer = Authorizer(credentials, exchange)
        self._site: Site | None = None

    @contextlib.contextmanager
    def asked(self, question: Question) -> Iterator[requests.Response]:
        """Ask; the answer is open while it lasts, of any status but one that speaks of credentials.

        Raises NoCredentialsError, RefusedError and RegistryError.
        """
        response = self._ask(question)
        with contextlib.closing(response):
            # Storage that the registry redirects to knows no user: its refusal is no matter of credentials.
            if response.status_code in {_UNAUTHORIZED, _FORBIDDEN} and self._is_ours(response.url, self._find_site()):
                raise self._refused(question, read_message(response))
            yield response

    def fail(self, response: requests.Response, doing: str) -> Exception:
        """What to raise for a status that means nothing better."""
        text = self._authorizer.masked(read_message(response))
        return make_answer_error(response.status_code, text, self._host.host, doing)

    def wait(self, attempt: int) -> None:
        """Wait before something is tried again, the longer the more often it was."""
        self._exchange.wait(attempt)

    def _ask(self, question: Question) -> requests.Response:
        site = self._find_site()
        denied = ""
        try:
            response = self._send(question, site, self._authorizer.header(question.scopes, site))
            if response.status_code != _UNAUTHORIZED or not self._is_ours(response.url, site):
                return response
            response.close()
            self._authorizer.learn(response.headers.get("WWW-Authenticate", ""), question.scopes, site)
            return self._send(question, site, self._authorizer.header(question.scopes, site))
        except DeniedError as error:
            denied = str(error)
        raise self._refused(question, denied)

    def _send(self, question: Question, site: Site, authorization: str) -> requests.Response:
        url = self._locate(question, site)
        ours = self._is_ours(url, site)
        return self._exchange.send(
            Message(
                method=question.method,
                url=url,
                headers=question.headers,
                body=question.body,
                authorization=authorization if ours else "",
                verify=site.verify if ours else self._exchange.verify,
                repeated=question.repeated,
            )
        )

    def _locate(self, question: Question, site: Site) -> str:
        """The whole address; what the registry gave may have a query of its own, which must stay as it is."""
        if "://" in question.path:
            url, namespace = question.path, ""
        else:
            url, namespace = urljoin(site.url, f"{self._host.path}/{question.path}"), self._host.namespace
        query = urlencode([*question.query, *([("ns", namespace)] if namespace else [])])
        return url + ("&" if "?" in url else "?") * bool(query) + query

    def _find_site(self) -> Site:
        if self._site is None:
            self._site = self._probe()
        return self._site

    def _probe(self) -> Site:
        """The first scheme that answers; one that needs no choice is not tried. Raises RegistryError.

        A server on this machine need not prove who it is, as docker has it.
        """
        *tried, last = self._host.schemes
        for scheme in tried:
            site = self._make_site(scheme, verified=False)
            with contextlib.suppress(UnreachableError):
                self._exchange.send(
                    Message(method="GET", url=f"{site.url}/v2/", verify=site.verify, repeated=False, moves=False)
                ).close()
                return site
        return self._make_site(last, verified=not self._host.insecure)

    def _make_site(self, scheme: str, *, verified: bool) -> Site:
        verify = (self._host.authority or self._exchange.verify) if verified else False
        return Site(url=f"{scheme}://{self._host.host}", verify=verify)

    def _is_ours(self, url: str, site: Site) -> bool:
        return origin(url) == origin(site.url)

    def _refused(self, question: Question, text: str) -> Exception:
        detail = self._authorizer.masked(text)
        return make_credentials_error(detail, question.reference, self._credentials)


def locate_answer(response: requests.Response) -> str:
    """The whole address that `Location` of an answer names, "" where there is none.

    Raises RegistryError for one that leaves TLS: a registry behind a proxy that does not know of it gives such ones.
    """
    target = response.headers.get("Location", "")
    url = urljoin(response.url, target) if target else ""
    if response.url.startswith("https:") and url.startswith("http:"):
        raise RegistryError(
            f"the registry at {host_of(response.url)} wants what is sent to it without TLS from now on",
            hint="have its proxy set X-Forwarded-Proto, or the registry give relative addresses",
        )
    return url

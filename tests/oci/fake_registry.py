"""A registry of this process: what it has, what it asks for, and each way in which it can misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cargo_stow.oci.descriptor import CONFIG, LAYER, MANIFEST, Descriptor

if TYPE_CHECKING:
    from collections.abc import Mapping

USER, PASSWORD = "alice", "hunter2"
IDENTITY = "an-identity-token"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def describe(data: bytes, media_type: str = LAYER) -> Descriptor:
    return Descriptor(media_type=media_type, digest=digest_of(data), size=len(data))


def make_manifest(config: bytes, *layers: bytes) -> bytes:
    value = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": describe(config, CONFIG).as_json(),
        "layers": [describe(layer).as_json() for layer in layers],
    }
    return json.dumps(value).encode()


@dataclass(frozen=True, kw_only=True)
class Seen:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclass(kw_only=True)
class Canned:
    """An answer instead of the right one, once, to the next request with this method and a path that ends so."""

    method: str
    ends: str
    status: int
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is a part of some tests."""


class FakeRegistry:
    """`auth` is "", "basic" or "bearer". `storage` is where blobs are redirected to, a registry of its own."""

    def __init__(self) -> None:
        self.auth = ""
        self.challenge = 'Bearer realm="{url}/token",service="fake"'
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.seen: list[Seen] = []
        self.canned: list[Canned] = []
        self.cuts: list[int] = []
        self.ranges = True
        self.digests = True
        self.storage: FakeRegistry | None = None
        self.tokens: dict[str, set[str]] = {}
        self.server = _Server(("127.0.0.1", 0), _make_handler(self))
        threading.Thread(target=lambda: self.server.serve_forever(0.01), daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def hold(self, repository: str, *blobs: bytes) -> None:
        for data in blobs:
            self.blobs[repository, digest_of(data)] = data

    def hold_manifest(self, repository: str, tag: str, data: bytes, media_type: str = MANIFEST) -> str:
        for name in (tag, digest_of(data)):
            self.manifests[repository, name] = (media_type, data)
        return digest_of(data)

    def asked(self, method: str, part: str = "") -> list[Seen]:
        return [one for one in self.seen if one.method == method and part in one.path and one.path != "/v2/"]


def _make_handler(registry: FakeRegistry) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"registry": registry})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: FakeRegistry

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._handle()

    do_GET = do_POST = do_PUT = do_HEAD  # noqa: N815

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(method=self.command, path=parts.path, query=parse_qs(parts.query), headers=headers, body=body)
        self.registry.seen.append(seen)
        for canned in self.registry.canned:
            if canned.method == seen.method and seen.path.endswith(canned.ends):
                self.registry.canned.remove(canned)
                self._answer(canned.status, canned.body, **canned.headers)
                return
        if seen.path == "/token":
            self._token(seen)
        elif not self._may(seen):
            self._challenge()
        else:
            self._route(seen)

    def _answer(self, status: int, body: bytes = b"", cut: int = -1, **headers: Any) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut < 0 else body[:cut])
        self.close_connection = self.close_connection or cut >= 0

    def _may(self, seen: Seen) -> bool:
        if self.registry.auth == "basic":
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            return seen.authorization == f"Basic {pair}"
        if self.registry.auth == "bearer":
            scopes = self.registry.tokens.get(seen.authorization.removeprefix("Bearer "), set())
            repository = seen.path.removeprefix("/v2/").partition("/blobs/")[0].partition("/manifests/")[0]
            action = "pull" if seen.method in {"GET", "HEAD"} else "push"
            given = {scope.rpartition(":")[0]: scope.rpartition(":")[2].split(",") for scope in scopes}
            return action in given.get(f"repository:{repository}", [])
        return True

    def _challenge(self) -> None:
        header = 'Basic realm="fake"' if self.registry.auth == "basic" else self.registry.challenge
        body = b'{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}'
        self._answer(401, body, WWW_Authenticate=header.format(url=self.registry.url))

    def _token(self, seen: Seen) -> None:
        form = parse_qs(seen.body.decode())
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if form.get("refresh_token") != [IDENTITY] and seen.authorization != f"Basic {pair}":
            self._answer(401, b'{"details": "incorrect username or password"}')
            return
        scopes = seen.query.get("scope", []) or form.get("scope", [""])[0].split()
        token = f"token-{len(self.registry.tokens)}"
        self.registry.tokens[token] = set(scopes)
        self._answer(200, json.dumps({"token": token}).encode())

    def _route(self, seen: Seen) -> None:
        path = seen.path.removeprefix("/v2/")
        if "/manifests/" in path:
            self._manifest(seen, *path.split("/manifests/"))
        elif "/blobs/uploads/" in path:
            self._upload(seen, path.split("/blobs/uploads/")[0])
        elif "/blobs/" in path:
            self._blob(seen, *path.split("/blobs/"))
        else:
            self._answer(200, b"{}")

    def _manifest(self, seen: Seen, repository: str, name: str) -> None:
        if seen.method == "PUT":
            self.registry.hold_manifest(repository, name, seen.body, seen.headers["content-type"])
            self._answer(201, Docker_Content_Digest=digest_of(seen.body))
            return
        media_type, data = self.registry.manifests.get((repository, name), ("", b""))
        if not media_type:
            self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
            return
        digest: dict[str, Any] = {"Docker_Content_Digest": digest_of(data)} if self.registry.digests else {}
        self._answer(200, data, Content_Type=media_type, **digest)

    def _upload(self, seen: Seen, repository: str) -> None:
        if seen.method == "POST":
            mounted = (seen.query.get("from", [""])[0], seen.query.get("mount", [""])[0])
            if mounted in self.registry.blobs:
                self.registry.hold(repository, self.registry.blobs[mounted])
                self._answer(201)
            else:
                self._answer(202, Location=f"/v2/{repository}/blobs/uploads/1?state=a%2Fb")
        elif digest_of(seen.body) == seen.query["digest"][0] and seen.query["state"] == ["a/b"]:
            self.registry.hold(repository, seen.body)
            self._answer(201)
        else:
            self._answer(400, b'{"errors": [{"code": "DIGEST_INVALID"}]}')

    def _blob(self, seen: Seen, repository: str, digest: str) -> None:
        data = self.registry.blobs.get((repository, digest))
        if data is None:
            self._answer(404)
        elif self.registry.storage and seen.method == "GET":
            self._answer(307, Location=f"{self.registry.storage.url}/v2/{repository}/blobs/{digest}?signature=x")
        else:
            start = int(seen.headers.get("range", "bytes=0-")[6:-1]) if self.registry.ranges else 0
            cut = self.registry.cuts.pop(0) if self.registry.cuts and seen.method == "GET" else -1
            ranged: dict[str, Any] = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
            self._answer(206 if start else 200, data[start:], cut, Content_Encoding="gzip", **ranged)

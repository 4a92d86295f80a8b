"""Engine against a fake engine on a real socket: every method, and every way it fails."""

from __future__ import annotations

import functools
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import traceback
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import engine as engine_module
from cargo_stow.backends.engine import Engine
from cargo_stow.backends.engine_values import ContainerState, EngineImage
from cargo_stow.errors import (
    EngineDeniedError,
    EngineError,
    EngineStoppedError,
    ImageNotFoundError,
    NoCredentialsError,
    RefusedError,
    RegistryError,
    StowError,
    UsageError,
)
from cargo_stow.oci.progress import Progress
from cargo_stow.platforms import Platform
from cargo_stow.reference import parse_reference
from tests.backends.fake_engine import Answer, FakeEngine, answer, close, connect, failure, stream

pytestmark = pytest.mark.usefixtures("home")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = f"sha256:{'1' * 64}"
DIGEST = f"sha256:{'a' * 64}"
OTHER = f"sha256:{'b' * 64}"
WEB = "reg.example.org/team/web"
IMAGE = {
    "Id": ID,
    "RepoDigests": [f"{WEB}@{DIGEST}"],
    "RepoTags": [f"{WEB}:1", "<none>:<none>"],
    "Os": "linux",
    "Architecture": "arm64",
    "Variant": "v8",
}
REFERENCE = parse_reference(f"{WEB}:1")
INSPECT, PUSH = f"GET /images/{WEB}:1/json", f"POST /images/{WEB}/push"
LOOK_UP = f"GET /distribution/{WEB}:1/json"
AUX = {"aux": {"Tag": "1", "Digest": DIGEST, "Size": 3}}
LOGIN = '{"auths": {"reg.example.org": {"username": "alice", "password": "hunter2"}}}'


@pytest.fixture(params=["socket", "sdk"])
def engine(fake: FakeEngine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine over each of the two ways that a request can go, which must not differ."""
    if request.param == "sdk":
        monkeypatch.setattr(engine_module, "find_plain_endpoint", lambda _environment: None)
    value = connect(fake.address)
    yield value
    close(value)


def ignore(_: Progress) -> None:
    pass


# What is asked


def test_the_sdk_is_not_imported_with_the_module() -> None:
    code = (
        "import sys; from cargo_stow.backends.engine import Engine; Engine({'DOCKER_HOST': 'bogus'}); "
        "print([name for name in ('docker', 'requests', 'urllib3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_asked_before_the_first_request(fake: FakeEngine, engine: Engine) -> None:
    assert engine.address == fake.address
    assert not fake.requests


def test_image(fake: FakeEngine, engine: Engine) -> None:
    fake.set(INSPECT, answer(IMAGE))
    assert engine.image(f"{WEB}:1") == EngineImage(
        id=ID,
        digests=(f"{WEB}@{DIGEST}",),
        tags=(f"{WEB}:1",),
        platform=Platform(os="linux", architecture="arm64", variant="v8"),
    )


def test_image_by_digest(fake: FakeEngine, engine: Engine) -> None:
    fake.set(f"GET /images/{WEB}@{DIGEST}/json", answer({**IMAGE, "RepoTags": None}))
    image = engine.image(f"{WEB}@{DIGEST}")
    assert image
    assert image.tags == ()


def test_image_that_is_absent(fake: FakeEngine, engine: Engine) -> None:
    fake.set(INSPECT, failure(404, "whatever words"))
    assert engine.image(f"{WEB}:1") is None


def test_tag(fake: FakeEngine, engine: Engine) -> None:
    fake.set(f"POST /images/{ID}/tag", Answer(status=201, body=b""))
    engine.tag(ID, parse_reference(WEB))
    assert fake.requests[-1].query == {"repo": WEB, "tag": "latest"}


def test_tag_of_an_absent_image(engine: Engine) -> None:
    with pytest.raises(ImageNotFoundError, match="nope"):
        engine.tag("nope", REFERENCE)


def test_a_digest_is_no_target(engine: Engine) -> None:
    for attempt in (lambda: engine.tag(ID, REFERENCE.at(DIGEST)), lambda: engine.push(REFERENCE.at(DIGEST), ignore)):
        with pytest.raises(UsageError, match="cannot be a target"):
            attempt()


def test_untag(fake: FakeEngine, engine: Engine) -> None:
    what = f"DELETE /images/{WEB}:1"
    fake.set(what, answer([{"Untagged": f"{WEB}:1"}]), failure(404, "no"), failure(409, "in use by abc"))
    engine.untag(f"{WEB}:1")
    assert fake.requests[-1].query == {}
    engine.untag(f"{WEB}:1")
    with pytest.raises(EngineError, match="409") as caught:
        engine.untag(f"{WEB}:1")
    assert caught.value.detail == "in use by abc"


def test_images_named(fake: FakeEngine, engine: Engine) -> None:
    other, gone = f"sha256:{'2' * 64}", f"sha256:{'3' * 64}"
    fake.set("GET /images/json", answer([{"Id": ID}, {"Id": ID}, {"Id": other}, {"Id": gone}]))
    fake.set(f"GET /images/{ID}/json", answer({**IMAGE, "RepoTags": ["team/web:2", "else:1"]}))
    fake.set(f"GET /images/{other}/json", answer({**IMAGE, "RepoTags": ["team/webby:2"]}))
    assert [image.id for image in engine.images_named("docker.io/team/web")] == [ID]
    listing = next(request for request in fake.requests if request.path == "/images/json")
    assert listing.query["filters"] == '{"reference": ["team/web"]}'


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            {"RegistryConfig": {"IndexConfigs": {"docker.io": {"Secure": True}, "r:5000": {"Secure": False}}}},
            {"r:5000"},
        ),
        ({"RegistryConfig": {"IndexConfigs": None}}, set()),
        ({}, set()),
    ],
)
def test_insecure_registries(fake: FakeEngine, engine: Engine, said: dict[str, object], found: set[str]) -> None:
    fake.set("GET /info", answer(said))
    assert engine.insecure_registries() == found


def test_containers(fake: FakeEngine, engine: Engine) -> None:
    fake.set("GET /containers/c/json", answer({"State": {"Running": False, "ExitCode": 127, "Error": "no /x"}}))
    assert engine.end_of_container("c") == ContainerState(running=False, exit_code=127, error="no /x")
    assert engine.end_of_container("gone") is None
    fake.set("GET /containers/json", answer([{"ImageID": ID}, {"ImageID": OTHER}, {"ImageID": ID}]))
    assert engine.container_count_using(ID) == 2
    fake.set("DELETE /containers/c", Answer(status=204, body=b""), failure(404, "no"), failure(409, "in progress"))
    for _ in range(3):
        engine.remove_container("c")
    assert fake.requests[-1].query == {"v": "1", "force": "1"}


def test_a_container_is_waited_for(fake: FakeEngine, engine: Engine) -> None:
    fake.set(
        "GET /containers/c/json",
        answer({"State": {"Running": True, "ExitCode": 0, "Error": ""}}),
        answer({"State": {"Running": False, "ExitCode": 143, "Error": ""}}),
    )
    fake.set("POST /containers/c/wait", answer({"StatusCode": 143}))
    assert engine.end_of_container("c") == ContainerState(running=False, exit_code=143, error="")


def test_a_container_is_waited_for_within_a_time(fake: FakeEngine, engine: Engine) -> None:
    running = {"State": {"Running": True, "ExitCode": 0, "Error": ""}}
    fake.set("GET /containers/c/json", answer(running))
    fake.set("POST /containers/c/wait", Answer(chunks=(b"WAIT",)))
    began = time.monotonic()
    assert engine.end_of_container("c", within=1) == ContainerState(running=True, exit_code=0, error="")
    assert time.monotonic() - began < 10
    assert fake.hung_up.wait(5)
    fake.set("POST /containers/c/wait", failure(500, "broken"))
    with pytest.raises(EngineError, match="500"):
        engine.end_of_container("c", within=1)


def test_signalling_a_container(fake: FakeEngine, engine: Engine) -> None:
    kill = Answer(status=204, body=b"")
    fake.set("POST /containers/c/kill", kill, failure(404, "no"), failure(409, "not running"), failure(500, "broken"))
    for _ in range(3):
        engine.signal_container("c", signal.SIGHUP)
    assert fake.requests[-1].query == {"signal": "1"}
    with pytest.raises(EngineError, match="500"):
        engine.signal_container("c", signal.SIGHUP)


def test_containers_that_stopped(fake: FakeEngine, engine: Engine) -> None:
    states = {"t-a": "exited", "t-b": "running", "t-c": "created", "t-d": "paused", "not-t-e": "dead", "t-f": "dead"}
    fake.set(
        "GET /containers/json", answer([{"Names": [f"/{name}"], "State": state} for name, state in states.items()])
    )
    assert engine.stopped_containers("t-") == ("t-a", "t-c", "t-f")
    assert fake.requests[-1].query["all"] == "1"
    assert fake.requests[-1].query["filters"] == '{"name": ["t-"]}'
    fake.set("DELETE /containers/t-a", Answer(status=204, body=b""), failure(404, "no"), failure(409, "it runs"))
    for _ in range(3):
        engine.remove_stopped_container("t-a")
    assert fake.requests[-1].query == {"v": "1"}


# How the engine fails


def test_missing_socket(tmp_path: Path) -> None:
    with pytest.raises(EngineStoppedError, match=r"gone\.sock") as caught:
        connect(f"unix://{tmp_path}/gone.sock").ping()
    assert "systemctl start docker" in caught.value.hint
    assert "DOCKER_HOST" in caught.value.hint


def test_socket_file_that_nobody_listens_to(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    with pytest.raises(EngineStoppedError, match=r"dead\.sock"):
        connect(f"unix://{tmp_path}/dead.sock").ping()


def test_tcp_port_that_nobody_listens_to() -> None:
    with socket.socket() as bound:  # Bound and not listening: nobody else takes the port meanwhile.
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(EngineStoppedError):
            connect(f"tcp://127.0.0.1:{bound.getsockname()[1]}").ping()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give up its uid, and root may use a socket of mode 0")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Threads of the fakes of other tests may linger.
def test_socket_that_denies(fake: FakeEngine) -> None:
    fake.socket.chmod(0)
    for parent in list(fake.socket.parents)[:-2]:
        parent.chmod(0o755)
    engine = connect(fake.address)
    engine.ping()  # Imports what the other user may not be able to read.
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(65534)
            engine.ping()
        except EngineDeniedError as error:
            status = 0 if "`docker` group" in error.hint and fake.address in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("config", ["[]", '{"auths": {"x": {"auth": "hunter2!"}}}', '{"auths": {"x": "hunter2"}}'])
def test_broken_configuration(fake: FakeEngine, home: Path, config: str) -> None:
    """It is in the way of whoever needs credentials, and of nobody else."""
    engine = connect(fake.address)
    (home / "config.json").write_text(config)
    with pytest.raises(UsageError, match=r"config\.json") as caught:
        engine.registry_digest(REFERENCE)
    assert caught.value.__context__ is None
    engine.ping()
    assert connect("").address == "unix:///var/run/docker.sock"
    (home / "config.json").write_text("{}")
    fake.set(LOOK_UP, answer({"Descriptor": {"digest": DIGEST}}))
    assert engine.registry_digest(REFERENCE) == DIGEST


def test_tls_failure_is_not_taken_for_a_denied_socket() -> None:
    from cargo_stow.backends.engine_errors import translate  # noqa: PLC0415

    wrapped = ConnectionError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"))  # OpenSSL's 1 is not EPERM.
    error = translate(wrapped, "unix:///s", "ask")
    assert type(error) is EngineError
    assert "TLS" in str(error)


@pytest.mark.parametrize(
    ("canned", "words"),
    [
        (failure(500, "boom"), "answered 500"),
        (Answer(body=b"{"), "was not understood"),
        (Answer(body=b"[]"), "was not understood"),
        (Answer(body=b'{"Id": "x"}'), "was not understood"),
        (Answer(body=b'{"Id": "0123456789"}', cut=True), "broke"),
    ],
)
def test_bad_answers(fake: FakeEngine, engine: Engine, canned: Answer, words: str) -> None:
    fake.set(INSPECT, canned)
    with pytest.raises(EngineError, match=words) as caught:
        engine.image(f"{WEB}:1")
    assert fake.address in str(caught.value)
    assert "`docker info`" in caught.value.hint
    assert "journalctl -u docker" in caught.value.hint


def test_something_else_answers(fake: FakeEngine, engine: Engine) -> None:
    """What has no such page is not taken for an engine that has no such image."""
    nothing = Answer(status=404, body=b"page not found", version="")
    for what in ("GET /_ping", "GET /version", INSPECT):
        fake.set(what, nothing)
    for attempt in (engine.ping, functools.partial(engine.image, f"{WEB}:1")):
        with pytest.raises(EngineError, match="answered 404") as caught:
            attempt()
        assert caught.value.detail == "page not found"


@pytest.mark.parametrize(("version", "words"), [({"ApiVersion": "1.10"}, "cannot be used"), ({}, "was not understood")])
def test_an_engine_that_the_sdk_does_not_know(
    fake: FakeEngine, engine: Engine, version: dict[str, str], words: str
) -> None:
    fake.set("GET /version", answer(version))
    with pytest.raises(EngineError, match=words):
        engine.registry_digest(REFERENCE)


def test_engine_that_is_too_slow(fake: FakeEngine) -> None:
    engine = Engine({**os.environ, "DOCKER_HOST": fake.address}, timeout=0.5)
    fake.set(INSPECT, Answer(chunks=(b"WAIT",)))
    with pytest.raises(EngineError, match="did not answer in time"):
        engine.image(f"{WEB}:1")
    fake.set(LOOK_UP, Answer(chunks=(b"WAIT",)))
    with pytest.raises(RegistryError, match="did not answer in time"):
        engine.registry_digest(REFERENCE)


# What a registry says, in a look-up


def test_registry_digest(fake: FakeEngine, engine: Engine, home: Path) -> None:
    fake.set(LOOK_UP, answer({"Descriptor": {"digest": DIGEST}}))
    assert engine.registry_digest(REFERENCE) == DIGEST
    assert fake.requests[-1].auth == {}
    (home / "config.json").write_text(LOGIN)
    assert engine.registry_digest(REFERENCE) == DIGEST
    expected = {"username": "alice", "password": "hunter2", "serveraddress": "reg.example.org"}
    assert fake.requests[-1].auth == expected


NO_ROUTE = 'Get "https://reg.example.org/v2/": dial tcp: lookup reg.example.org: no such host'
HEAD = f'Head "https://reg.example.org/v2/team/web/manifests/1": {"no basic auth credentials"}'


@pytest.mark.parametrize(
    ("status", "text", "login", "kind"),
    [
        (404, "manifest unknown: manifest unknown", False, ImageNotFoundError),
        (404, "name unknown: repository not known", False, ImageNotFoundError),
        (500, HEAD, False, NoCredentialsError),
        (500, HEAD, True, RefusedError),
        (401, "unauthorized: authentication required", False, NoCredentialsError),
        (401, "unauthorized: authentication required", True, RefusedError),
        (403, "errors:\ndenied: requested access\nunauthorized: authentication required\n", True, RefusedError),
        (403, "in words that nobody knows", True, RefusedError),
        (500, NO_ROUTE, False, RegistryError),
        (500, "received unexpected HTTP status: 502 Bad Gateway", True, RegistryError),
        (500, 'Get "https://reg/v2/denied/": this speaks of unauthorized things', True, RegistryError),
        (500, "toomanyrequests: slow down", False, RegistryError),
    ],
)
def test_lookup_failures(
    fake: FakeEngine, engine: Engine, home: Path, *, status: int, text: str, login: bool, kind: type[StowError]
) -> None:
    (home / "config.json").write_text(LOGIN if login else "{}")
    fake.set(LOOK_UP, failure(status, text))
    with pytest.raises(kind, match=r"reg\.example\.org") as caught:
        engine.registry_digest(REFERENCE)
    if kind is NoCredentialsError:
        assert "docker login reg.example.org" in caught.value.hint
    if kind is RefusedError:
        assert "`alice`" in str(caught.value)
    if kind is RegistryError:
        assert caught.value.detail == text


def test_a_registry_that_repeats_the_password(fake: FakeEngine, engine: Engine, home: Path) -> None:
    (home / "config.json").write_text(LOGIN)
    text = "unauthorized: not with hunter2"
    fake.set(LOOK_UP, failure(401, text))
    fake.set(INSPECT, answer(IMAGE))
    fake.set(PUSH, stream({"errorDetail": {"message": text}}), failure(401, text), failure(500, "hunter2"))
    push = functools.partial(engine.push, REFERENCE, ignore)
    for attempt in (functools.partial(engine.registry_digest, REFERENCE), push, push, push):
        with pytest.raises((RefusedError, EngineError)) as caught:
            attempt()
        assert "hunter2" not in "".join(traceback.format_exception(caught.value)) + caught.value.detail
        assert caught.value.__context__ is None
        assert "***" in caught.value.detail


# A push


def test_push(fake: FakeEngine, engine: Engine, home: Path) -> None:
    (home / "config.json").write_text(LOGIN)
    fake.set(INSPECT, answer(IMAGE))
    layer = {"status": "Pushing", "progressDetail": {"current": 5, "total": 9}, "progress": "[=>]", "id": "abc"}
    done = {"status": "Pushed", "progressDetail": {}, "id": "abc"}
    fake.set(PUSH, stream({"status": "The push refers to repository"}, layer, done, {"progressDetail": {}, **AUX}))
    seen: list[Progress] = []
    assert engine.push(REFERENCE, seen.append) == DIGEST
    assert seen == [
        Progress(layer="abc", status="Pushing", current=5, total=9),
        Progress(layer="abc", status="Pushed", current=0, total=0),
    ]
    sent = next(request for request in fake.requests if request.method == "POST")
    assert sent.query == {"tag": "1"}
    assert sent.auth["username"] == "alice"


def test_push_reads_records_however_they_are_cut(fake: FakeEngine, engine: Engine) -> None:
    fake.set(INSPECT, answer(IMAGE))
    whole = '{"id": "é", "status": "Pushing"}\r\n{"aux": {"Digest": "%s"}}' % DIGEST  # noqa: UP031
    data = whole.encode()
    fake.set(PUSH, Answer(chunks=tuple(data[at : at + 1] for at in range(len(data)))))
    seen: list[Progress] = []
    assert engine.push(REFERENCE, seen.append) == DIGEST
    assert [progress.layer for progress in seen] == ["é"]


def test_push_without_credentials_sends_an_empty_object(fake: FakeEngine, engine: Engine) -> None:
    fake.set(INSPECT, answer(IMAGE))
    fake.set(PUSH, stream(AUX))
    engine.push(REFERENCE, ignore)
    assert next(request for request in fake.requests if request.method == "POST").auth == {}


@pytest.mark.parametrize(
    ("aux", "noted", "expected"),
    [
        (DIGEST, [DIGEST], DIGEST),
        (DIGEST, [OTHER, DIGEST], DIGEST),
        (DIGEST, [], DIGEST),
        (None, [DIGEST], DIGEST),
        ("sha256:short", [DIGEST], DIGEST),
        (DIGEST, [OTHER], None),
        (None, [DIGEST, OTHER], None),
        (None, [], None),
    ],
)
def test_digest_is_held_against_what_the_engine_noted(
    fake: FakeEngine, engine: Engine, aux: str | None, noted: list[str], expected: str | None
) -> None:
    digests = [f"{WEB}@{digest}" for digest in noted] + [f"else@{OTHER}"]
    fake.set(INSPECT, answer({**IMAGE, "RepoDigests": digests}))
    fake.set(PUSH, stream({"aux": {"Digest": aux}} if aux else {"status": "done"}))
    if expected is None:
        with pytest.raises(EngineError, match="which digest"):
            engine.push(REFERENCE, ignore)
    else:
        assert engine.push(REFERENCE, ignore) == expected


def test_push_of_an_absent_image(engine: Engine) -> None:
    with pytest.raises(ImageNotFoundError, match=f"{WEB}:1"):
        engine.push(REFERENCE, ignore)


DISK = "write /var/lib/docker/tmp/x: no space left on device"
CONTAINERD = "push access denied, repository does not exist: authorization failed: no basic auth credentials"


@pytest.mark.parametrize(
    ("text", "login", "kind"),
    [
        ("no basic auth credentials", False, NoCredentialsError),
        (CONTAINERD, False, NoCredentialsError),
        ("unauthorized: authentication required", True, RefusedError),
        ("denied: requested access to the resource is denied", True, RefusedError),
        ("unexpected status from POST request to https://reg.example.org/v2/: 401 Unauthorized", True, RefusedError),
        ('Get "https://reg/v2/": http: server gave HTTP response to HTTPS client', False, RegistryError),
        ("name unknown: create the repository first", False, RegistryError),
        (NO_ROUTE, False, RegistryError),
        (DISK, False, EngineError),
    ],
)
def test_push_failures_in_mid_stream(
    fake: FakeEngine, engine: Engine, home: Path, *, text: str, login: bool, kind: type[StowError]
) -> None:
    (home / "config.json").write_text(LOGIN if login else "{}")
    fake.set(INSPECT, answer(IMAGE))
    fake.set(PUSH, stream({"id": "abc", "status": "Pushing"}, {"errorDetail": {"message": text}, "error": text}))
    seen: list[Progress] = []
    with pytest.raises(kind) as caught:
        engine.push(REFERENCE, seen.append)
    assert type(caught.value) is kind
    assert len(seen) == 1
    assert caught.value.detail == text


@pytest.mark.parametrize(
    ("canned", "kind", "words"),
    [
        (failure(500, "boom"), EngineError, "answered 500"),
        (failure(500, "denied: no"), NoCredentialsError, "wants credentials"),
        (failure(404, "gone"), ImageNotFoundError, "has no image"),
        (Answer(status=502, body=b"<html>"), EngineError, "answered 502"),
        (Answer(chunks=(b'{"status": "x"}', b'{"status')), EngineError, "was not understood"),
        (Answer(chunks=(b"nonsense",)), EngineError, "was not understood"),
        (Answer(chunks=(b"[1]",)), EngineError, "was not understood"),
        (stream({"id": "abc"}, cut=True), EngineError, "broke"),
        (stream({"error": "old engines say it so"}), RegistryError, "cannot push"),
    ],
)
def test_push_answers_that_are_bad(
    fake: FakeEngine, engine: Engine, canned: Answer, kind: type[StowError], words: str
) -> None:
    fake.set(INSPECT, answer(IMAGE))
    fake.set(PUSH, canned)
    with pytest.raises(kind, match=words) as caught:
        engine.push(REFERENCE, ignore)
    assert type(caught.value) is kind


@pytest.mark.parametrize("kind", [KeyboardInterrupt, BrokenPipeError])
def test_what_interrupts_a_push_passes_and_hangs_up(
    fake: FakeEngine, engine: Engine, kind: type[BaseException]
) -> None:
    def interrupt(_: Progress) -> None:
        raise kind

    fake.set(INSPECT, answer(IMAGE))
    fake.set(PUSH, Answer(chunks=(b'{"id": "abc"}', b"WAIT")))
    with pytest.raises(kind):
        engine.push(REFERENCE, interrupt)
    assert fake.hung_up.wait(5)

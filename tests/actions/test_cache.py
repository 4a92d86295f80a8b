"""Builds that begin with a cache and keep one: what the backend is asked, and what a failure leaves."""

from __future__ import annotations

import csv
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.actions.places import describe_local, is_complete, local_directory
from cargo_stow.actions.run import run
from cargo_stow.backends.protocol import RunOptions
from cargo_stow.caches import Caches, read_caches
from cargo_stow.errors import BuildError, EngineError, FileError, Terminated, UsageError
from cargo_stow.project import Project
from tests.single import build

if TYPE_CHECKING:
    from cargo_stow.backends.memory import MemoryBackend
    from cargo_stow.session import Session
    from tests.scene import Scene

Load = Callable[..., Project]
ENDS = [KeyboardInterrupt(), Terminated(15), BuildError("no space left"), RuntimeError("a bug")]

FIRST, SECOND = '{"manifests": []}', '{"manifests": [], "annotations": {}}'


class Keeper:
    """`cargo stow build` with a cache, everything read anew; an export writes what BuildKit would."""

    def __init__(self, session: Session, load: Load, backend: MemoryBackend, crate: Path) -> None:
        self._session, self._load, self.backend, self._crate = session, load, backend, crate
        self._export, self.text = backend.export_cache, FIRST
        self.writes = True
        backend.export_cache = self._export_and_write  # type: ignore[method-assign]

    def __call__(self, **asked: object) -> str:
        self._session.caches = Caches(**asked)  # type: ignore[arg-type]
        return build(self._session, self._load(), locked=False).id

    def _export_and_write(self, order: object, targets: tuple[str, ...]) -> None:
        for path in filter(None, map(destination, targets)):
            if self.writes:
                path.mkdir(parents=True)
                (path / "index.json").write_text(self.text)
        self._export(order, targets)  # type: ignore[arg-type]

    @property
    def directory(self) -> Path:
        (found,) = (self._crate / "target/stow/cache").iterdir()
        return found

    @property
    def place(self) -> Path:
        """Where the cache is to be, whether there is one or not."""
        return local_directory(self._load())

    def kept(self) -> dict[str, str]:
        """Everything below the directory of caches."""
        top = self._crate / "target/stow/cache"
        return {str(path.relative_to(top)): path.read_text() for path in top.rglob("*") if path.is_file()}

    def edit(self) -> None:
        main = self._crate / "src/main.rs"
        main.write_text(main.read_text() + "//\n")


def fields(description: str) -> dict[str, str]:
    """As BuildKit reads them."""
    (row,) = csv.reader([description])
    return dict(field.split("=", 1) for field in row)


def destination(target: str) -> Path | None:
    found = fields(target) if target.startswith("type=local") else {}
    return Path(found["dest"]) if "dest" in found else None


@pytest.fixture
def keep(session: Session, load: Load, backend: MemoryBackend, greeter: Path) -> Keeper:
    return Keeper(session, load, backend, greeter)


def test_without_a_cache_nobody_is_asked(keep: Keeper, backend: MemoryBackend) -> None:
    keep()
    assert (backend.counts["check_export"], backend.counts["export_cache"]) == (0, 0)
    assert backend.orders[0].cache_from == ()


def test_a_source_alone(keep: Keeper, backend: MemoryBackend) -> None:
    keep(sources=("user/app:cache", "type=local,src=/x"))
    assert backend.orders[0].cache_from == ("user/app:cache", "type=local,src=/x")
    assert (backend.counts["check_export"], backend.counts["export_cache"]) == (0, 0)


def test_a_target_is_passed_on(keep: Keeper, backend: MemoryBackend) -> None:
    keep(targets=("user/app:cache", "type=registry,ref=x"))
    ((order, targets),) = backend.exports
    assert targets == ("user/app:cache", "type=registry,ref=x")
    assert order == backend.orders[0]
    assert not (order.directory / "cache").exists()


def test_what_an_engine_cannot_do_is_said_before_it_builds(keep: Keeper, backend: MemoryBackend) -> None:
    backend.fail("check_export", EngineError("it cannot"))
    with pytest.raises(EngineError, match="it cannot"):
        keep(mode="local")
    assert (backend.counts["resolve"], backend.counts["build"], backend.tags) == (0, 0, {})


def test_a_local_cache(keep: Keeper, backend: MemoryBackend) -> None:
    keep(mode="local")
    assert backend.orders[0].cache_from == ()  # there was none yet
    ((_, (target,)),) = backend.exports
    assert fields(target)["mode"] == "max"
    assert destination(target) != keep.directory
    assert keep.kept() == {f"{keep.directory.name}/index.json": FIRST}
    keep.edit()
    keep.text = SECOND
    keep(mode="local")
    (source,) = backend.orders[1].cache_from
    assert fields(source) == {"type": "local", "src": str(keep.directory)}
    assert keep.kept() == {f"{keep.directory.name}/index.json": SECOND}


def test_a_local_cache_and_others(keep: Keeper, backend: MemoryBackend) -> None:
    keep(mode="local", sources=("a",), targets=("b",))
    keep.edit()
    keep(mode="local", sources=("a",), targets=("b",))
    assert backend.orders[1].cache_from == ("a", describe_local("src", keep.directory))
    assert backend.exports[1][1][0] == "b"
    assert len(backend.exports[1][1]) == 2


def test_an_image_that_is_up_to_date_keeps_its_cache_too(keep: Keeper, backend: MemoryBackend) -> None:
    first = keep()
    assert keep(mode="local") == first
    assert (backend.counts["build"], backend.counts["export_cache"]) == (1, 1)
    assert keep(mode="local") == first
    assert (backend.counts["build"], backend.counts["export_cache"]) == (1, 2)


def test_a_profile_does_not_drop_the_cache_of_another(keep: Keeper, session: Session) -> None:
    keep(mode="local")
    session.environment = {**session.environment, "CARGO_STOW_PROFILE": "dev"}
    keep(mode="local")
    assert len(keep.kept()) == 2


def test_beside_the_image(keep: Keeper, backend: MemoryBackend) -> None:
    keep(mode="registry")
    (source,) = backend.orders[0].cache_from
    ((_, (target,)),) = backend.exports
    assert fields(source)["ref"].startswith(
        "registry.example.org/team/greeter:cargo-stow-cache-greeter.greeter-release-"
    )
    assert fields(target)["ref"] == fields(source)["ref"]


def test_beside_an_image_that_has_no_place(keep: Keeper, backend: MemoryBackend, greeter: Path) -> None:
    manifest = greeter / "Cargo.toml"
    manifest.write_text("\n".join(x for x in manifest.read_text().splitlines() if "target_image" not in x))
    with pytest.raises(UsageError, match="`target_image` is missing, so there is no registry") as caught:
        keep(mode="registry")
    assert "--cache-mode local" in caught.value.hint
    assert backend.counts["build"] == 0
    keep(mode="local")


def test_in_github(keep: Keeper, backend: MemoryBackend) -> None:
    keep(mode="gha", missing=())
    assert fields(backend.orders[0].cache_from[0])["scope"].startswith("cargo-stow-greeter.greeter-release-")
    keep.edit()
    with pytest.raises(UsageError, match="GitHub"):
        keep(mode="gha")
    assert backend.counts["build"] == 1


def test_a_failed_export_says_what_there_is_and_no_secret(keep: Keeper, backend: MemoryBackend) -> None:
    backend.fail("export_cache", BuildError("docker failed", detail="its words"))
    with pytest.raises(BuildError, match="could not be kept") as caught:
        keep(mode="local", targets=("type=s3,bucket=b,secret_access_key=hunter2",))
    assert f"kept in type=s3,bucket=b, {keep.place};" in caught.value.message
    assert "the image is built, as registry.example.org/team/greeter:1" in caught.value.message
    assert (caught.value.detail, "same command" in caught.value.hint) == ("its words", True)


def test_a_warning_is_given_once(keep: Keeper, session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.environment = {**session.environment, "SSL_CERT_FILE": "/nowhere.pem"}
    keep(mode="local")
    assert capsys.readouterr().err.count("SSL_CERT_FILE names /nowhere.pem") == 1


def test_offline_a_build_begins_with_what_is_here(
    keep: Keeper, session: Session, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    keep()
    keep.edit()
    session.offline = True
    keep(sources=("type=local,src=/x", "type=s3,bucket=b,secret_access_key=hunter2"))
    assert backend.orders[1].cache_from == ("type=local,src=/x",)
    said = capsys.readouterr().err
    assert "does without the cache type=s3,bucket=b of --cache-from" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("has_one", [True, False])
@pytest.mark.parametrize("writes", [True, False])
def test_an_export_that_fails(
    keep: Keeper, backend: MemoryBackend, error: BaseException, has_one: bool, writes: bool
) -> None:
    if has_one:
        keep(mode="local")
    before = keep.kept()
    keep.edit()
    keep.text, keep.writes = SECOND, writes
    backend.fail("export_cache", error)
    with pytest.raises(type(error)):
        keep(mode="local")
    assert keep.kept() == before
    builds = backend.counts["build"]
    keep.writes = True
    keep(mode="local")  # the image was built and named all the same
    assert backend.counts["build"] == builds
    assert list(keep.kept().values()) == [SECOND]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("which", [1, 2])
def test_a_rename_that_fails(
    keep: Keeper, monkeypatch: pytest.MonkeyPatch, error: BaseException, after: bool, which: int
) -> None:
    """The first of the two takes the old cache away, so a failure behind it must put it back."""
    keep(mode="local")
    keep.text = SECOND
    rename, calls = Path.rename, []

    def failing(path: Path, target: Path) -> Path:
        if "cache" not in path.parts:
            return rename(path, target)
        calls.append(path)
        if len(calls) == which and not after:
            raise error
        done = rename(path, target)
        if len(calls) == which:
            raise error
        return done

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(FileError if isinstance(error, OSError) else type(error)):
        keep(mode="local")
    assert list(keep.kept().values()) == [SECOND if (which, after) == (2, True) else FIRST]


def test_what_a_killed_process_left(keep: Keeper) -> None:
    keep(mode="local")
    place = keep.directory
    (place.with_name(f"{place.name}.new")).mkdir()
    place.rename(place.with_name(f"{place.name}.old"))
    keep.writes = False
    keep(mode="local")
    assert keep.kept() == {f"{place.name}/index.json": FIRST}
    (place.with_name(f"{place.name}.old")).mkdir()
    keep(mode="local")
    assert keep.directory == place


def test_a_place_that_cannot_be_written(keep: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(mode="local")

    def refuse(*_: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(FileError, match=r"cannot write .*/cache/greeter.*: Permission denied") as caught:
        keep(mode="local")
    assert caught.value.hint.startswith("remove /")


def layout(directory: Path, depth: int = 2) -> dict[str, Path]:
    """A cache as BuildKit writes it: an index that lists an index, or a manifest, that lists layers."""
    blobs = directory / "blobs/sha256"
    blobs.mkdir(parents=True)

    def add(name: str, content: str, kind: str) -> dict[str, object]:
        (blobs / name).write_text(content)
        return {"digest": f"sha256:{name}", "size": len(content), "mediaType": f"application/vnd.oci.image.{kind}"}

    layers = [add("aa", "layer", "layer.v1.tar+gzip"), add("bb", "more", "layer.v1.tar")]
    listed = {"manifests": layers} if depth == 2 else {"layers": layers}
    inner = add("cc", json.dumps(listed), "index.v1+json" if depth == 2 else "manifest.v1+json")
    (directory / "index.json").write_text(json.dumps({"manifests": [inner]}))
    return {"index": directory / "index.json", "layer": blobs / "aa", "inner": blobs / "cc"}


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("which", ["index", "layer", "inner"])
@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"manifests": 1}', '{"manifests": [{"digest": 1}]}', "lay"])
def test_a_cache_that_is_not_complete(tmp_path: Path, depth: int, which: str, text: str | None) -> None:
    files = layout(tmp_path, depth)
    assert is_complete(tmp_path)
    files[which].unlink() if text is None else files[which].write_text(text)
    assert not is_complete(tmp_path)


def test_a_build_does_without_a_cache_that_is_not_complete(
    keep: Keeper, backend: MemoryBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    """BuildKit would fail for a layer that is missing: a runner's cache action was interrupted, say."""
    keep(mode="local")
    layout(keep.directory)["layer"].unlink()
    keep.edit()
    keep(mode="local")
    assert backend.orders[1].cache_from == ()
    assert f"warning: the cache in {keep.directory} is not complete" in capsys.readouterr().err
    assert keep.kept() == {f"{keep.directory.name}/index.json": FIRST}


@pytest.mark.parametrize("name", ["plain", "with space", "comma,comma", 'quo"te', "ty=pe", "üñí"])
def test_any_directory_can_be_described(name: str) -> None:
    described = describe_local("dest", Path("/tmp") / name)
    assert fields(f"{described},mode=max") == {"type": "local", "dest": f"/tmp/{name}", "mode": "max"}


def test_a_run_begins_with_the_cache_and_keeps_none(
    keep: Keeper, session: Session, load: Load, backend: MemoryBackend
) -> None:
    keep(mode="local")
    keep.edit()
    run(session, load(), RunOptions(), locked=False)
    assert backend.orders[1].cache_from == (describe_local("src", keep.directory),)
    assert backend.counts["export_cache"] == 1
    keep.edit()
    session.caches = read_caches({"CARGO_STOW_CACHE_MODE": "locl"}, Caches())
    with pytest.raises(UsageError, match="'locl' is no mode"):
        run(session, load(), RunOptions(), locked=False)


def test_a_bad_variable_disturbs_only_who_builds(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_STOW_CACHE_MODE", "locl")
    scene.write_dodo()
    assert scene.doit("list").returncode == 0
    assert scene.doit("own").returncode == 0
    assert scene.stow("dockerfile").returncode == 0
    failed = scene.stow("build")
    assert (failed.returncode, failed.stdout) == (2, "")
    assert "CARGO_STOW_CACHE_MODE: 'locl' is no mode" in failed.stderr
    assert "CARGO_STOW_CACHE_MODE" in scene.doit("stow_build").stdout
    assert "build" not in scene.counts()


def test_flags_and_variables_reach_a_build(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    show = "backend.export_cache = lambda order, targets: print(*order.cache_from, *targets, file=sys.stderr)"
    done = scene.stow("build", "--cache-from", "a", "--cache-from", "b", "--cache-to", "c", extra=f"import sys; {show}")
    assert "\na b c\n" in done.stderr, done.stderr
    monkeypatch.setenv("CARGO_STOW_CACHE_TO", "d")
    assert "\nd\n" in scene.stow("build", extra=f"import sys; {show}").stderr  # which is up to date
    assert scene.counts()["build"] == 1


@pytest.mark.parametrize("digest", ["..:..:index.json", "../../index.json", "/dev/zero", "x::dev:zero"])
def test_a_cache_that_leads_out_of_itself(tmp_path: Path, digest: str) -> None:
    """A restored cache may be anybody's: this one would be read without an end."""
    index, kind = tmp_path / "index.json", "application/vnd.oci.image.index.v1+json"
    (tmp_path / "blobs").mkdir()
    for size in (0, 1000):
        listed = [{"digest": digest, "size": size, "mediaType": kind}]
        index.write_text(json.dumps({"manifests": listed}).ljust(1000))
        assert not is_complete(tmp_path)

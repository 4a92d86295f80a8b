"""What is found in a base: the question that BuildKit is asked, and how its answer is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cargo_stow.backends import buildx
from cargo_stow.backends.inspection import inspect_base
from cargo_stow.errors import BuildError, FileError
from cargo_stow.families import BaseFacts
from cargo_stow.lock import Pin
from cargo_stow.platforms import Platform
from cargo_stow.process import Result
from cargo_stow.reference import parse_reference
from tests.canned_runner import CannedRunner

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = f"sha256:{'d' * 64}"
PIN = Pin(reference=parse_reference("debian:12"), platform=Platform(os="linux", architecture="arm64"), digest=DIGEST)
OLD = Result(code=0, stdout="Docker version 20.10.24+dfsg1, build 297e128\n")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildx, "is_installed", lambda _environment: True)


def looked(place: Path, lay: Callable[[Path], object], seen: list[str] | None = None) -> BaseFacts:
    """Look into a base of which `lay` writes what comes out."""

    def export(argv: tuple[str, ...]) -> None:
        output = argv[argv.index("--output") + 1].removeprefix("type=local,").strip('"').removeprefix("dest=")
        found = place / output / "found"
        found.mkdir(parents=True)
        lay(found)
        if seen is not None:
            seen.extend([*argv, Path(argv[argv.index("--file") + 1]).read_text()])

    return inspect_base(PIN, place, CannedRunner(on_start=export), {})


def test_what_is_asked(tmp_path: Path) -> None:
    seen: list[str] = []
    place = tmp_path / "a,b"
    looked(place, lambda found: found.touch(), seen)
    assert seen[:7] == ["docker", "buildx", "build", "--platform", "linux/arm64", "--output", seen[6]]
    assert seen[6].startswith(f'type=local,"dest={place}/.stow-')
    assert seen[-1].splitlines() == [
        "FROM scratch",
        f"COPY --from=debian:12@{DIGEST} /usr/lib/os-releas[e] /found/",
        f"COPY --from=debian:12@{DIGEST} /etc/os-releas[e] /found/",
        f"COPY --from=debian:12@{DIGEST} /usr/bin/apt-ge[t] /found/",
        f"COPY --from=debian:12@{DIGEST} /sbin/ap[k] /found/",
        f"COPY --from=debian:12@{DIGEST} /usr/bin/dn[f] /found/",
        f"COPY --from=debian:12@{DIGEST} /usr/bin/microdn[f] /found/",
    ]
    assert list(place.iterdir()) == []


def test_a_client_without_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildx, "is_installed", lambda _environment: False)
    runner = CannedRunner(answers={"docker buildx": Result(code=1), "docker --version": OLD})
    assert inspect_base(PIN, tmp_path, runner, {}) == BaseFacts(os_release=None)
    assert runner.started[-1].argv[:2] == ("docker", "build")
    assert runner.started[-1].env["DOCKER_BUILDKIT"] == "1"


def elf(machine: bytes, *, data: int = 1) -> bytes:
    return b"\x7fELF" + bytes([2, data, 1]) + bytes(9) + (b"\x03\x00" if data == 1 else b"\x00\x03") + machine


@pytest.mark.parametrize(
    ("head", "architecture"),
    [
        (elf(b"\x3e\x00"), "amd64"),
        (elf(b"\xb7\x00"), "arm64"),
        (elf(b"\x28\x00"), "arm"),
        (elf(b"\x00\x16", data=2), "s390x"),
        (elf(b"\x3e"), None),
        (elf(b"\xff\xff"), None),
        (b"#!/usr/bin/python3\n" + bytes(20), None),
        (b"", None),
    ],
)
def test_for_which_machine_its_programs_are(tmp_path: Path, head: bytes, architecture: str | None) -> None:
    def lay(found: Path) -> None:
        (found / "apt-get").write_text("#!/bin/sh\n")
        (found / "microdnf").write_bytes(head)

    assert looked(tmp_path, lay).architecture == architecture


def test_what_is_read(tmp_path: Path) -> None:
    def lay(found: Path) -> None:
        (found / "os-release").write_bytes(b"ID=\xff\n")
        for name in ("apt-get", "microdnf", "other"):
            (found / name).touch()

    assert looked(tmp_path, lay) == BaseFacts(os_release="ID=\ufffd\n", programs=frozenset({"apt-get", "microdnf"}))


def link(found: Path) -> None:
    for name in ("os-release", "apk"):
        (found / name).symlink_to("/etc/os-release")


def directory(found: Path) -> None:
    for name in ("os-release", "apk"):
        (found / name).mkdir(mode=0)


def pipe(found: Path) -> None:
    for name in ("os-release", "apk"):
        os.mkfifo(found / name)


@pytest.mark.parametrize("lay", [link, directory, pipe, lambda found: found.rmdir()])
def test_a_hostile_image_shows_nothing_of_this_machine(tmp_path: Path, lay: Callable[[Path], object]) -> None:
    assert looked(tmp_path, lay) == BaseFacts(os_release=None)
    assert list(tmp_path.iterdir()) == []


def test_a_long_file_is_read_to_a_bound(tmp_path: Path) -> None:
    found = looked(tmp_path, lambda found: (found / "os-release").write_text("A" * 1_000_000))
    assert len(found.os_release or "") == 64 * 1024


def test_what_docker_says_of_a_failure(tmp_path: Path) -> None:
    runner = CannedRunner(answers={"docker buildx build": Result(code=1, stderr="no such host")})
    with pytest.raises(BuildError, match=f"cannot look into the base image debian:12@{DIGEST}") as caught:
        inspect_base(PIN, tmp_path, runner, {})
    assert caught.value.detail == "no such host"
    assert "docker pull" in caught.value.hint


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="Not a directory"):
        inspect_base(PIN, tmp_path / "file/x", CannedRunner(), {})

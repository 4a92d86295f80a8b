from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cargo_stow.errors import FileError, LockError
from cargo_stow.lock import Lock, Pin, load_lock, parse_lock
from cargo_stow.platforms import Platform, parse_platform
from cargo_stow.reference import ImageRef, parse_reference

DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha512:{'b' * 128}"
AMD64, ARM = Platform(os="linux", architecture="amd64"), Platform(os="linux", architecture="arm", variant="v7")
NEWLINE = r"\n"  # as TOML escapes it
PATH = Path("/ws/Stow.lock")
ENTRY = f'[[image]]\nreference = "debian:12"\nplatform = "linux/amd64"\ndigest = "{DIGEST}"\n'


def pin(reference: str, platform: Platform = AMD64, *, digest: str | None = None, id: str | None = None) -> Pin:  # noqa: A002
    return Pin(reference=parse_reference(reference), platform=platform, digest=digest, id=id)


def test_the_text_is_what_people_review() -> None:
    base = replace(pin("debian:12", ARM, digest=DIGEST), package_manager="apt")
    lock = Lock().having([pin("rust:1.95-slim", id=DIGEST), base])
    assert lock.text() == (
        "# Written by cargo-stow: the images that names resolved to. Commit this file; `cargo stow update` moves it.\n"
        "version = 1\n"
        f'\n[[image]]\nreference = "debian:12"\nplatform = "linux/arm/v7"\ndigest = "{DIGEST}"\n'
        'package_manager = "apt"\n'
        f'\n[[image]]\nreference = "rust:1.95-slim"\nplatform = "linux/amd64"\nid = "{DIGEST}"\n'
    )


REFERENCES = st.builds(
    ImageRef,
    name=st.from_regex(r"([a-z]{1,3}\.[a-z]{1,3}(:[0-9]{2})?/)?[a-z]{1,3}([._-][a-z0-9]{1,3})?", fullmatch=True),
    tag=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True),
    digest=st.sampled_from([None, DIGEST]),
)
PLATFORMS = st.sampled_from(["linux/amd64", "linux/arm64", "linux/arm/v7"]).map(parse_platform)
MANAGERS = st.sampled_from([None, "apt", "apk", "dnf", "microdnf"])
PINS = st.builds(
    Pin,
    reference=REFERENCES,
    platform=PLATFORMS,
    digest=st.sampled_from([DIGEST, OTHER]),
    package_manager=MANAGERS,
) | st.builds(Pin, reference=REFERENCES, platform=PLATFORMS, id=st.just(DIGEST), package_manager=MANAGERS)


def fits(pin: Pin) -> bool:
    """A reference that has a digest itself means that one."""
    return pin.reference.digest in (None, pin.value)


@given(pins=st.lists(PINS.filter(fits), max_size=6))
def test_a_lock_is_read_back_as_it_was_written_in_one_order(pins: list[Pin]) -> None:
    lock = Lock().having(pins)
    assert parse_lock(lock.text(), PATH) == lock
    assert [each.key for each in lock.pins] == sorted({each.key for each in pins})
    assert all(lock.find(each.reference, each.platform) for each in pins)
    assert Lock().having(reversed(lock.pins)).text() == lock.text()


def test_the_pins_of_other_packages_and_platforms_survive() -> None:
    before = Lock().having(
        [pin("debian:12", digest=DIGEST), pin("debian:12", ARM, digest=DIGEST), pin("b:1", id=DIGEST)]
    )
    after = before.having([pin("debian:12", digest=OTHER)])
    assert after.find(parse_reference("debian:12"), AMD64) == pin("debian:12", digest=OTHER)
    assert after.find(parse_reference("debian:12"), ARM) == pin("debian:12", ARM, digest=DIGEST)
    assert after.find(parse_reference("b:1"), AMD64) == pin("b:1", id=DIGEST)
    assert len(after.pins) == 3


def test_a_name_without_a_tag_is_latest() -> None:
    lock = Lock().having([pin("debian:latest", digest=DIGEST)])
    assert lock.find(parse_reference("debian"), AMD64) is not None
    assert lock.find(parse_reference("debian:12"), AMD64) is None


def test_what_to_build_from() -> None:
    assert str(pin("debian:12", digest=DIGEST).source) == f"debian:12@{DIGEST}"
    assert str(pin("debian:12", id=DIGEST).source) == "debian:12"
    assert (pin("a:1", digest=DIGEST).value, pin("a:1", id=OTHER).value) == (DIGEST, OTHER)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "version None is not 1"),
        ("version = 2\n", "version 2 is not 1"),
        ('version = "1"\n', "version '1' is not 1"),
        ("version = true\n", "version True is not 1"),
        ("version = 1.0\n", r"version 1\.0 is not 1"),
        ("version = 1\nimage = 1\n", "array of tables"),
        ('version = 1\nimage = "a"\n', "array of tables"),
        ("version = 1\nimage = [1]\n", "not an image entry"),
        (f"version = 1\n{ENTRY}extra = 1\n", "not an image entry"),
        (f"version = 1\n{ENTRY}package_manager = 'zypper'\n", "package_manager = 'zypper' is none of apt, apk, dnf,"),
        (f"version = 1\n{ENTRY}package_manager = 1\n", "either digest or id"),
        (f"version = 1\n{ENTRY}id = '{DIGEST}'\n", "either digest or id"),
        ("version = 1\n[[image]]\nreference = 'debian:12'\n", "either digest or id"),
        (f"version = 1\n{ENTRY.replace('debian:12', 'Debian:12')}", "lower case"),
        (f"version = 1\n{ENTRY.replace('debian:12', 'a:1 AS base')}", "white space"),
        (f"version = 1\n{ENTRY.replace('linux/amd64', 'linux')}", "expected os/architecture"),
        (f"version = 1\n{ENTRY.replace(DIGEST, 'sha256:abc')}", "not a digest"),
        (f"version = 1\n{ENTRY.replace(DIGEST, DIGEST.upper())}", "not a digest"),
        (f"version = 1\n{ENTRY.replace(DIGEST, DIGEST + 'a')}", "not a digest"),
        (f"version = 1\n{ENTRY.replace(DIGEST, DIGEST + NEWLINE)}", "not a digest"),
        (f"version = 1\n{ENTRY}{ENTRY.replace('a' * 64, 'b' * 64)}", "two entries for debian:12 on linux/amd64"),
        (f"version = 1\n{ENTRY.replace('debian:12', 'debian:12@sha256:' + 'c' * 64)}", "pinned to another digest"),
        (f"version = 1\n<<<<<<< HEAD\n{ENTRY}=======\n", "line 2"),
        ("x = " + "[" * 100_000, "nest"),
        ("version = " + "9" * 5000, "digits"),
    ],
)  # fmt: skip
def test_a_bad_file(text: str, complaint: str) -> None:
    with pytest.raises(LockError, match=complaint) as caught:
        parse_lock(text, PATH)
    assert str(caught.value).startswith(f"{PATH} cannot be read: ")
    assert "cargo stow update" in caught.value.hint


@given(
    text=st.text()
    | st.text().map(lambda text: f"version = 1\n{text}")
    | st.text().map(lambda t: f"version = 1\n{ENTRY}{t}")
)
@example(text="version = 1\r\n")
@example(text=f"version = 1\n{ENTRY}\0")
def test_any_text_is_a_lock_or_a_lock_error(text: str) -> None:
    with contextlib.suppress(LockError):
        lock = parse_lock(text, PATH)
        assert parse_lock(lock.text(), PATH) == lock


def test_on_disk(tmp_path: Path) -> None:
    assert load_lock(tmp_path / "Stow.lock") == Lock()
    (tmp_path / "Stow.lock").write_text(f"version = 1\r\n{ENTRY}", encoding="utf-8")
    assert load_lock(tmp_path / "Stow.lock").pins == (pin("debian:12", digest=DIGEST),)
    (tmp_path / "Stow.lock").write_bytes(b"\xff")
    with pytest.raises(FileError, match=r"Stow\.lock is not UTF-8"):
        load_lock(tmp_path / "Stow.lock")
    with pytest.raises(FileError, match="Is a directory"):
        load_lock(tmp_path)


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm/v7", "linux/arm64/v8", "windows/amd64"])
def test_platforms(text: str) -> None:
    assert str(parse_platform(text)) == text


@pytest.mark.parametrize(
    "text", ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/amd64\n", "Linux/amd64", "a b/c"]
)
def test_what_is_no_platform(text: str) -> None:
    with pytest.raises(ValueError, match="expected os/architecture"):
        parse_platform(text)

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_stow.cargo_lock import check_cargo_lock
from cargo_stow.errors import FileError, LockError
from tests.crates import make_package, make_workspace

if TYPE_CHECKING:
    from cargo_stow.model import Package

REGISTRY = "(registry+https://example.org/index)"


def check(root: Path, text: str | bytes, *packages: Package) -> None:
    (root / "Cargo.lock").write_bytes(text if isinstance(text, bytes) else text.encode())
    check_cargo_lock(make_workspace(*packages, root=root))


def crate(*requires: str, name: str = "app", version: str = "0.1.0") -> Package:
    return make_package(name, Path("/ws") / name, requires=requires, version=version)


def entry(*dependencies: str, name: str = "app", version: str = "0.1.0", more: str = "") -> str:
    listed = f"dependencies = {list(dependencies)!r}\n" if dependencies else ""
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{more}{listed}\n'


SERDE = entry(name="serde", version="1.0.0", more='source = "registry+https://example.org/index"\nchecksum = "00"\n')


@pytest.mark.parametrize(
    "text",
    [
        entry("serde", "tokio"),
        entry("tokio", "serde"),
        entry("serde 1.0.0", "tokio 1.2.3"),
        entry(f"serde 1.0.0 {REGISTRY}", f"tokio 1.2.3 {REGISTRY}"),
        entry("serde 0.9.0", "serde 1.0.0", "tokio"),
        "version = 3\n" + entry("serde", "tokio") + SERDE,
        "version = 4\n" + SERDE + entry("serde", "tokio"),
        '[metadata]\n"checksum serde 1.0.0" = "00"\n' + entry(f"serde 1.0.0 {REGISTRY}", "tokio 1.0.0"),
        entry("serde", "tokio").replace("[[package]]", "[root]") + SERDE,
        entry("serde", "tokio").replace("\n", "\r\n"),
    ],
    ids=["v2", "order", "versions", "v1", "two versions", "v3", "v4", "v1 metadata", "v0 root", "dos"],
)
def test_a_lock_that_fits(tmp_path: Path, text: str) -> None:
    check(tmp_path, text, crate("serde", "tokio"))


def test_versions_with_build_metadata_and_pre_releases(tmp_path: Path) -> None:
    version = "1.0.0-rc.1+build.5"
    check(tmp_path, entry(version=version), crate(version=version))
    with pytest.raises(LockError, match=r"does not list `app` 1\.0\.0-rc\.1\+build\.5"):
        check(tmp_path, entry(version="1.0.0-rc.1"), crate(version=version))


def test_a_crate_that_depends_on_itself(tmp_path: Path) -> None:
    check(tmp_path, entry("app"), crate("app"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("version = 4\n", "does not list `app` 0.1.0, as /ws/app/Cargo.toml does"),
        ("", "does not list `app`"),
        (entry("serde", "tokio", version="0.0.9"), "does not list `app` 0.1.0"),
        (entry("serde", "tokio", name="old-app"), "does not list `app` 0.1.0"),
        (entry("serde", "tokio", more='source = "registry+x"\n'), "does not list `app`"),
        (entry("serde"), "`app` depends on `tokio` (/ws/app/Cargo.toml)"),
        (entry(), "`app` depends on `serde`"),
        (entry("serde", "tokio", "rand"), "`app` no longer depends on `rand`"),
        (entry("serde 1.0.0", "tokio-util 1.0.0"), "`app` depends on `tokio`"),
    ],
)
def test_out_of_date(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(LockError) as caught:
        check(tmp_path, text, crate("serde", "tokio"))
    assert str(caught.value).startswith(f"{tmp_path}/Cargo.lock is out of date: ")
    assert complaint in str(caught.value)
    assert "cargo update --workspace" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "metadata = 1", "root = 1", "root = []", 'package = "a"', "[[package]]\nname = 1\nversion = '1'",
        "[[package]]\nname = 'a'", "[[package]]\nname = 'a'\nversion = 1", "[[package.x]]",
        "[[package]]\nname = 'a'\nversion = '1'\ndependencies = [1]",
        "[[package]]\nname = 'a'\nversion = '1'\ndependencies = 'b c'",
        "[[package]]\nname = 'a'\nversion = '1'\nsource = 1",
        "[version" + ".a" * 900 + "]", "[[package]]\nname = 'a'\nversion = '1'\nx" + ".a" * 900 + " = 1",
    ],
)  # fmt: skip
def test_a_lock_of_another_form(tmp_path: Path, text: str) -> None:
    """What masks it for a layer relies on the form."""
    with pytest.raises(LockError, match=f"{tmp_path}/Cargo.lock cannot be read"):
        check(tmp_path, f"{text}\n", crate())


def test_every_member_is_checked_and_what_lies_outside_is_not(tmp_path: Path) -> None:
    text = entry() + entry(name="lib", version="0.2.0")
    check(tmp_path, text, crate(), crate(name="lib", version="0.2.0"))
    with pytest.raises(LockError, match=r"does not list `lib` 0\.3\.0"):
        check(tmp_path, text, crate(), crate(name="lib", version="0.3.0"))
    check_cargo_lock(make_workspace(crate(), root=tmp_path, outside=(crate(name="far"),)))


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< HEAD\n" + entry(), "package = 1", 'package = "app"', "package = [1]", "package = [[]]",
        "[package]\nname = 1",
        "[[package]]\nname = 'app'", "root = 1", 'root = "app"', "x = " + "[" * 100_000, "x = " + "9" * 5000, "\0",
    ],
)  # fmt: skip
def test_a_broken_lock(tmp_path: Path, text: str) -> None:
    with pytest.raises(LockError, match=r"Cargo\.lock cannot be read: ") as caught:
        check(tmp_path, text, crate())
    assert "cargo generate-lockfile" in caught.value.hint


def test_a_lock_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"Cargo\.lock is not UTF-8"):
        check(tmp_path, b"\xff", crate())


@given(text=st.text() | st.text().map(lambda text: entry() + text))
def test_any_text_fits_or_is_a_lock_error(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with contextlib.suppress(LockError):
        check(tmp_path_factory.getbasetemp(), text, crate())
        assert "app" in text

"""Which crates a package is compiled with, from its manifests and its lock."""

from __future__ import annotations

import pytest
import tomli

from cargo_stow.cargo_lock import Locked
from cargo_stow.propose import Declared, Reached, make_declared, reach


def locked(text: str) -> list[Locked]:
    """`name: dependency dependency`, a line a package; one with a `*` is on this disk."""
    found = []
    for line in text.strip().splitlines():
        name, _, listed = line.strip().partition(":")
        name, *version = name.rstrip("*").split("@")
        found.append(
            Locked(
                name=name,
                version=(version or ["1.0.0"])[0],
                is_local="*" in line,
                dependencies=tuple(each.replace("@", " ") for each in listed.split()),
            )
        )
    return found


def declared(text: str, root: str = "") -> Declared:
    return make_declared(tomli.loads(text), tomli.loads(root))


def reached(lock: str, *, root: str = "", **manifests: str) -> Reached:
    return reach("app", locked(lock), {name: declared(text, root) for name, text in manifests.items()})


LOCK = """
    app*: used dev build
    used: deep-sys
    dev: dev-sys
    build: build-sys
    deep-sys:
    dev-sys:
    build-sys:
    other*: other-sys
    other-sys:
"""
APP = """
    [dependencies]
    used = "1"
    [build-dependencies]
    build = "1"
    [dev-dependencies]
    dev = "1"
"""


def test_neither_tests_nor_other_members_count() -> None:
    found = reached(LOCK, app=APP, other='[dependencies]\nother-sys = "1"')
    assert set(found.packages) == {"app", "used", "deep-sys", "build", "build-sys"}
    assert found.packages["used"] == {"deep-sys"}


def test_what_both_a_test_and_the_program_use_counts() -> None:
    assert "dev-sys" in reached(LOCK, app=APP + '[target.x.dependencies]\ndev = "1"').packages


@pytest.mark.parametrize(
    ("features", "is_reached"),
    [
        ("", False),
        ('default = ["dep:used"]', True),
        ('default = ["used"]', True),
        ('default = ["more"]\nmore = ["used/x"]', True),
        ('default = ["used?/x"]', False),
        ('more = ["dep:used"]', False),
    ],
)
def test_an_optional_dependency_counts_with_the_default_features(features: str, is_reached: bool) -> None:
    app = f'[dependencies]\nused = {{ version = "1", optional = true }}\n[features]\n{features}'
    assert ("deep-sys" in reached(LOCK, app=app).packages) == is_reached


@pytest.mark.parametrize(
    ("entry", "is_reached"),
    [
        ('{ path = "lib" }', True),
        ('{ path = "lib", default-features = false }', False),
        ('{ path = "lib", default-features = false, features = ["tls"] }', True),
        ("{ workspace = true }", False),
        ('{ workspace = true, features = ["tls"] }', True),
    ],
)
def test_features_are_asked_of_path_crates(entry: str, is_reached: bool) -> None:
    found = reached(
        "app*: lib\nlib*: used\nused: deep-sys\ndeep-sys:",
        root='[workspace.dependencies]\nlib = { path = "lib", default-features = false }',
        app=f"[dependencies]\nlib = {entry}",
        lib="""
            [dependencies]
            used = { version = "1", optional = true }
            [features]
            default = ["tls"]
            tls = ["dep:used"]
        """,
    )
    assert ("deep-sys" in found.packages) == is_reached


@pytest.mark.parametrize("order", ["a = { path = 'a' }\nb = { path = 'b' }", "b = { path = 'b' }\na = { path = 'a' }"])
def test_features_that_are_asked_for_later_count(order: str) -> None:
    found = reached(
        "app*: a b\na*: lib\nb*: lib\nlib*: used\nused: deep-sys\ndeep-sys:",
        app=f"[dependencies]\n{order}",
        a='[dependencies]\nlib = { path = "lib" }',
        b='[dependencies]\nlib = { path = "lib", features = ["tls"] }',
        lib='[dependencies]\nused = { version = "1", optional = true }\n[features]\ntls = ["dep:used"]',
    )
    assert "deep-sys" in found.packages


def test_a_renamed_dependency() -> None:
    assert "deep-sys" in reached(LOCK, app='[dependencies]\nalias = { package = "used", version = "1" }').packages


def test_two_versions_of_one_crate() -> None:
    lock = "app*: used@2.0.0\nused@1.0.0: old-sys\nused@2.0.0: new-sys\nold-sys:\nnew-sys:"
    assert set(reached(lock, app='[dependencies]\nused = "2"').packages) == {"app", "used", "new-sys"}


def test_circles_end() -> None:
    app = '[dependencies]\napp = { path = ".", features = ["x"] }\nlib = { path = "lib" }'
    found = reached("app*: app lib\nlib*: app", app=app, lib='[dependencies]\napp = { path = "." }')
    assert set(found.packages) == {"app", "lib"}


@pytest.mark.parametrize(
    ("manifest", "is_doubtful"),
    [
        ('[dependencies]\nopenssl = { version = "1", features = ["vendored"] }', False),
        ('[dependencies]\nopenssl = "1"\n[features]\nmine = ["openssl/vendored"]', True),
        ('[dependencies]\nopenssl = "1"\n[features]\ndefault = ["openssl/vendored"]', False),
        ('[target.x.dependencies]\nopenssl = { version = "1", features = ["vendored"] }', True),
        ('[dependencies]\nopenssl = "1"\n[features]\nmine = ["openssl/other"]', False),
        (
            '[dependencies]\nssl = { package = "openssl", version = "1" }\n[features]\ndefault = ["ssl?/vendored"]',
            False,
        ),
    ],
)
def test_whether_a_copy_is_compiled_can_be_in_doubt(manifest: str, is_doubtful: bool) -> None:
    assert reached("app*: openssl\nopenssl:", app=manifest).is_doubtful == is_doubtful


def test_an_edge_taken_away() -> None:
    found = reached(LOCK, app=APP)
    assert set(found.without([("used", "deep-sys")]).packages) == {"app", "used", "build", "build-sys"}

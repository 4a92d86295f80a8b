"""Programs as they are published, with nothing but the section that `init` proposes, become images and work.

A few of them by default, on Docker; `--published` takes all, with and without a daemon, as the nox session `published`
does: they compile for half an hour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import tomli

from cargo_stow.propose import Reached, add_section, make_proposal
from integration.driver.marks import newer_engine_only
from integration.driver.published import Published, run_cargo
from integration.driver.stow import Stow
from tests.crates import make_package

if TYPE_CHECKING:
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

CRATES = (
    Published(
        name="hexyl",
        version="0.16.0",
        shape="a package of one program, edition 2021",
        script="printf abc | hexyl --plain",
        says=r"61 62 63",
        is_quick=True,
    ),
    Published(
        name="uu_wc",
        version="0.0.30",
        sibling="uucore_procs",
        shape="a member of a virtual workspace, with the procedural macros beside it; executable `wc`",
        script="wc --version; printf 'one two\\nthree\\n' | wc",
        says=r"wc 0\.0\.30\s+2 +3 +14",
        is_quick=True,
    ),
    Published(
        name="inferno",
        version="0.12.3",
        shape="ten executables, none of them called as the package",
        script="printf '\\n  a.so`start\\n  2\\n' | inferno-collapse-dtrace",
        says="a.so`start 2",
    ),
    Published(
        name="xsv",
        version="0.13.0",
        shape="edition 2015, and no Cargo.lock in the package",
        script="printf 'a,b\\n1,2\\n' | xsv select b",
        says=r"b\n2",
    ),
    Published(
        name="cargo-license",
        version="0.3.0",
        shape="edition 2018",
        script="cargo-license --help",
        says="cargo_license 0.3.0",
    ),
    Published(
        name="ripgrep",
        version="11.0.2",
        shape="a build script, a renamed executable (`rg`), edition 2018",
        script="printf 'one\\ntwo\\n' | rg -n tw",
        says="2:two",
    ),
    Published(
        name="zoxide",
        version="0.9.8",
        shape="edition 2024, a build script, derived code",
        script="export _ZO_DATA_DIR=/tmp; zoxide add /usr && zoxide query us",
        says="/usr",
    ),
    Published(
        name="git-absorb",
        version="0.8.0",
        shape="libgit2-sys, which compiles its own copy",
        script="git-absorb --version",
        says="git-absorb 0.8.0",
    ),
    Published(
        name="diesel_cli",
        version="2.2.12",
        shape="three libraries of the system, of which features could bundle copies; executable `diesel`",
        script="cd /tmp; mkdir m; diesel --database-url x.db setup --migration-dir m; ls x.db; ldd /usr/bin/diesel",
        says=r"(?s)Creating database: x\.db.*\bx\.db\n.*libmariadb\.so.*libsqlite3\.so.*libpq\.so",
    ),
    Published(
        name="hurl",
        version="7.1.0",
        shape="curl-sys, openssl-sys and a crate that links libxml2 and is not called -sys; a build script",
        script="hurl --version; ldd /usr/bin/hurl",
        says=r"(?s)hurl 7\.1\.0 .*libcurl.*libxml2\.so.*libssl\.so",
    ),
)  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "published" not in metafunc.fixturenames:
        return
    is_all = metafunc.config.getoption("published")
    chosen = [each for each in CRATES if each.is_quick or is_all]
    metafunc.parametrize("published", chosen, ids=[each.name for each in chosen])
    metafunc.parametrize("backend", ["docker", "youki"] if is_all else ["docker"])


@pytest.fixture(scope="module")
def cargo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cargo-home")


@newer_engine_only
def test_it_becomes_an_image_and_works(  # noqa: PLR0917 - fixtures
    published: Published,
    backend: str,
    engine: Engine,
    tmp_path: Path,
    cargo_home: Path,
    native_store: Path,
    ledger: Ledger,
) -> None:
    stow = Stow(root=tmp_path / "crate", engine=engine, scratch=tmp_path)
    stow.environment |= {"CARGO_STOW_BACKEND": backend, "CARGO_STOW_STORE": str(native_store)}
    manifest = published.unpack(stow.root, cargo_home) / "Cargo.toml"
    before = manifest.read_bytes()
    try:
        assert stow("init", "--target-image", stow.image(published.name)).reference == str(manifest)
        assert manifest.read_bytes().startswith(before)
        reference = stow("build").reference
        assert re.search(published.says, engine.shell(in_engine(stow, published.name, reference), published.script))
        again = stow("build")
        assert (again.reference, again.builds) == (reference, 0)
    finally:
        ledger.add(stow)
        stow.clean()


def in_engine(stow: Stow, name: str, reference: str) -> str:
    """A reference by which the engine has an image, whichever backend has built it."""
    if not reference.startswith("oci-layout:"):
        return reference
    archive = stow.scratch / "image.tar"
    stow("build", "--output", f"type=docker-archive,dest={archive}")
    stow.engine.docker("load", "--input", str(archive))
    return stow.image(name)


def test_no_byte_of_any_manifest_changes(tmp_path: Path, cargo_home: Path) -> None:
    """The manifests of hexyl and its dependencies, as cargo and as their authors wrote them."""
    package = CRATES[0].unpack(tmp_path / "crate", cargo_home)
    run_cargo("fetch", "--quiet", "--locked", home=cargo_home, cwd=package)
    manifests = [*cargo_home.glob("registry/src/*/*/Cargo.toml"), *cargo_home.glob("registry/src/*/*/Cargo.toml.orig")]
    assert len(manifests) > 100
    proposal = make_proposal(make_package(), Reached(start="greeter", packages={}), given={}, inherited={})
    for path in manifests:
        old = path.read_bytes()
        new = add_section(old.decode(), proposal)
        assert new.encode().startswith(old)
        assert tomli.loads(new)["package"]["metadata"]["container"] == {"base_image": proposal.base}

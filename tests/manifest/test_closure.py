from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.manifest import (
    closure,
    config_files,
    config_root,
    load_outer_config,
    source_directories,
    target_triple,
)
from cargo_stow.model import Closure, Package, Target, Workspace


def package(name: str, needs: tuple[str, ...] = (), knows: tuple[str, ...] = ()) -> Package:
    return Package(
        name=name,
        version="1.0.0",
        directory=Path("/r") / name,
        targets=(),
        needs=tuple(Path("/r") / each for each in needs),
        knows=tuple(Path("/r") / each for each in knows),
    )


def workspace(*members: Package, outside: tuple[Package, ...] = (), patches: tuple[str, ...] = ()) -> Workspace:
    return Workspace(
        root=Path("/r/w"),
        target_directory=Path("/r/w/target"),
        members=members,
        outside=outside,
        patches=tuple(Path("/r") / each for each in patches),
    )


def names(found: Closure) -> tuple[list[str], list[str]]:
    return [each.name for each in found.sources], [each.name for each in found.manifests]


def test_a_package_alone() -> None:
    one = package("w")
    found = closure(workspace(one), one)
    assert found == Closure(root=Path("/r/w"), roots=(Path("/r/w"),), sources=(one,), manifests=())


def test_needs_are_sources_through_any_number_of_steps_and_the_rest_is_read_only() -> None:
    app, a, b, other = package("w/z", ("w/b",)), package("w/a"), package("w/b", ("w/a",)), package("w/other")
    assert names(closure(workspace(a, b, other, app), app)) == (["w/z", "w/a", "w/b"], ["w/other"])


def test_what_is_known_is_read_only_with_all_it_needs() -> None:
    app = package("w/app", knows=("testing",))
    outside = (package("deep"), package("testing", ("deep",)))
    found = closure(workspace(app, outside=outside), app)
    assert names(found) == (["w/app"], ["deep", "testing"])
    assert found.root == Path("/r")


def test_other_members_bring_their_outside_packages_as_manifests() -> None:
    app, other = package("w/app"), package("w/other", ("out",))
    found = closure(workspace(app, other, outside=(package("out"),)), app)
    assert names(found) == (["w/app"], ["out", "w/other"])


def test_what_is_both_needed_and_known_is_a_source() -> None:
    app = package("w/app", ("w/lib",), ("w/lib",))
    assert names(closure(workspace(app, package("w/lib")), app)) == (["w/app", "w/lib"], [])


def test_circles_of_dev_dependencies_end() -> None:
    app, lib = package("w/app", ("w/lib",)), package("w/lib", knows=("w/app", "w/lib"))
    assert names(closure(workspace(app, lib), app)) == (["w/app", "w/lib"], [])
    assert names(closure(workspace(app, lib), lib)) == (["w/lib"], ["w/app"])


def test_patches_and_what_they_need_are_sources() -> None:
    app = package("w/app")
    outside = (package("patch", ("below",)), package("below"))
    found = closure(workspace(app, outside=outside, patches=("patch",)), app)
    assert names(found) == (["w/app", "below", "patch"], [])


def test_root_holds_the_workspace_root_even_where_the_package_is_elsewhere() -> None:
    app = package("elsewhere/app")
    assert closure(workspace(app), app).root == Path("/r")


def test_config_files_between_root_and_package(tmp_path: Path) -> None:
    app = tmp_path / "w/crates/app"
    for directory in (tmp_path, tmp_path / "w", app, app / "deeper"):
        (directory / ".cargo").mkdir(parents=True)
        (directory / ".cargo/config.toml").touch()
    (tmp_path / ".cargo/config.toml").write_text("outside, and never read")
    (app / ".cargo/config").write_text('include = ["more.toml", { path = "none.toml", optional = true }]')
    (app / ".cargo/more.toml").touch()
    one = Package(name="app", version="1.0.0", directory=app, targets=())
    found = config_files(Closure(root=tmp_path / "w", sources=(one,), manifests=()), {})
    assert found == (tmp_path / "w/.cargo/config.toml", app / ".cargo/config", app / ".cargo/more.toml")


@pytest.mark.parametrize("variable", ["HOME", "CARGO_HOME"])
def test_the_users_own_configuration_is_not_the_crates(tmp_path: Path, variable: str) -> None:
    """A crate in a home, with a path dependency beside it: the home is the closure's root."""
    home, link = tmp_path / "home", tmp_path / "link"
    one = Package(name="app", version="1.0.0", directory=home / "app", targets=())
    (home / ".cargo").mkdir(parents=True)
    (home / ".cargo/config.toml").write_text(
        '[registries.own]\ntoken = "x"\n[build]\ntarget = "a-b-c"\n[source.x]\ndirectory = "vendor"\n'
    )
    link.symlink_to(home)
    found = Closure(root=home, sources=(one,), manifests=())
    for place in (home, link):
        environment = {variable: str(place / ".cargo" if variable == "CARGO_HOME" else place)}
        assert config_files(found, environment) == source_directories(found, environment) == ()
        assert target_triple(found, environment) is None
        assert load_outer_config(found, environment)["registries"] == {"own": {"token": "x"}}


def test_configuration_in_a_home_beside_a_manifest_is_the_projects(tmp_path: Path) -> None:
    """As a CI job has it, whose files are the same on a machine where cargo's home is elsewhere."""
    found = configured(tmp_path, '[registries.own]\nindex = "x"\n')
    (tmp_path / "Cargo.toml").touch()
    for home in (tmp_path / ".cargo", tmp_path / "elsewhere"):
        assert config_files(found, {"CARGO_HOME": str(home)}) == (tmp_path / ".cargo/config.toml",)
        assert load_outer_config(found, {"CARGO_HOME": str(home)}) == {}


def test_vendored_crates_below_the_root(tmp_path: Path) -> None:
    config = tmp_path / "w/.cargo/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n'
        '[source.other]\nlocal-registry = "third/party"\n[source.far]\ndirectory = "../../far"\n'
    )
    one = Package(name="one", version="1.0.0", directory=tmp_path / "w", targets=())
    found = source_directories(Closure(root=tmp_path / "w", sources=(one,), manifests=()), {})
    assert found == (tmp_path / "w/third/party", tmp_path / "w/vendor")


def test_a_target_outside_its_package_is_needed_too() -> None:
    odd = replace(package("a"), targets=(Target(name="a", kind="bin", path=PurePosixPath("../common/main.rs")),))
    found = closure(workspace(odd), odd)
    assert found.files == (Path("/r/common/main.rs"),)
    assert found.root == Path("/r")


TARGETS: dict[str, tuple[str, str | None]] = {
    "none": ("[build]\njobs = 1", None),
    "one": ('[build]\ntarget = "x86_64-unknown-linux-musl"', "x86_64-unknown-linux-musl"),
    "a list of one": ('[build]\ntarget = ["wasm32-wasip1"]', "wasm32-wasip1"),
    "a specification": ('[build]\ntarget = "spec/my-target.json"', "my-target"),
}


@pytest.mark.parametrize("row", TARGETS)
def test_the_target_of_the_configuration(row: str, tmp_path: Path) -> None:
    text, expected = TARGETS[row]
    assert target_triple(configured(tmp_path, text), {}) == expected


@pytest.mark.parametrize("value", ['["a", "b"]', "[]", "1", '"a b"', '"-x"', '"$(x)"', '""'])
def test_a_target_that_cannot_be(value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"build\.target.*config\.toml"):
        target_triple(configured(tmp_path, f"[build]\ntarget = {value}"), {})


def configured(root: Path, text: str) -> Closure:
    (root / ".cargo").mkdir(parents=True, exist_ok=True)
    (root / ".cargo/config.toml").write_text(text)
    return Closure(root=root, sources=(Package(name="one", version="1.0.0", directory=root, targets=()),), manifests=())


NAMED = """\
[build]
rustc = "rustc"
rustc-wrapper = "scripts/wrap"
rustc-workspace-wrapper = "../away"
[target.'cfg(unix)']
linker = "app/tool"
[env]
PLAIN = "data"
FORCED = { value = "data", force = true }
DATA = { value = "data", relative = true }
FILE = { value = "one.txt", relative = true }
OWN = { value = "app/assets", relative = true }
ROOT = { value = "", relative = true }
"""


def test_what_the_configuration_names(tmp_path: Path) -> None:
    """Programs; and of `[env]` what is beside all packages, for an edit in a package must compile no dependency."""
    for name in ("scripts/wrap", "app/tool", "data/x", "one.txt", "app/assets/x", "rustc"):
        (tmp_path / "w" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "w" / name).touch()
    (tmp_path / "away").touch()
    one = replace(configured(tmp_path / "w", NAMED).sources[0], directory=tmp_path / "w/app")
    found = Closure(root=tmp_path / "w", sources=(one,), manifests=())
    files = ("app/tool", "one.txt", "scripts/wrap")
    assert config_files(found, {}) == tuple(tmp_path / "w" / name for name in (".cargo/config.toml", *files))
    assert source_directories(found, {}) == (tmp_path / "w/data",)


def test_the_root_is_where_configuration_is(tmp_path: Path) -> None:
    """As far as the repository reaches; and the user's own is no project's."""
    one = Package(name="one", version="1.0.0", directory=tmp_path / "home/repository/a/b", targets=())
    found = Closure(root=one.directory, sources=(one,), manifests=())
    home, repository = tmp_path / "home", tmp_path / "home/repository"
    for directory in (home, repository / "a"):
        (directory / ".cargo").mkdir(parents=True)
        (directory / ".cargo/config.toml").touch()
    assert config_root(found, {}, one.directory) == one.directory
    assert config_root(found, {}, repository) == repository / "a"
    assert config_root(found, {"HOME": str(home)}, tmp_path) == repository / "a"
    assert config_root(found, {"HOME": str(tmp_path)}, tmp_path) == home

"""What `assets`, `include`, `build_env` and `secrets` change of a project and its plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cargo_stow import planning
from cargo_stow.dockerfile import render_dockerfile, render_dockerignore
from cargo_stow.errors import UsageError
from cargo_stow.inputs import Inputs
from cargo_stow.manifest import closure
from cargo_stow.pinning import settle
from cargo_stow.plan import Run, SecretMount
from cargo_stow.planner import Member, kinship, make_context
from cargo_stow.project import Project
from tests.crates import make_package, make_workspace, plan_of, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from cargo_stow.session import Session

Load = Callable[..., Project]


@pytest.fixture
def repository(crate: Callable[..., Path]) -> Path:
    """A repository with a crate in it; it is no real one."""
    return crate(
        {
            "api/Cargo.toml": '[package]\nname = "api"\nversion = "0.1.0"\nedition = "2021"\n'
            '[package.metadata.container]\nbase_image = "debian"\n',
            "api/src/main.rs": "fn main() {}\n",
            "api/static/index.html": "",
            "proto/a.proto": "",
            "proto/b.txt": "",
            ".git/HEAD": "ref: refs/heads/main\n",
            ".git/refs/heads/main": "0" * 40,
            ".git/refs/tags/v1": "0" * 40,
            ".git/refs/remotes/origin/main": "0" * 40,
            ".git/objects/aa/bb": "",
            ".git/config": "",
            ".git/index": "",
        }
    )


@pytest.fixture
def api(repository: Path, load: Load) -> Callable[[str], Project]:
    manifest = repository / "api/Cargo.toml"
    before = manifest.read_text()

    def project(keys: str) -> Project:
        manifest.write_text(before + keys)
        return load(manifest.parent)

    return project


def sent(project: Project) -> set[str]:
    root = project.closure.root
    return {str(path.relative_to(root)) for path in Inputs(project).files() if path.is_relative_to(root)}


def test_what_include_names_is_an_input(api: Callable[[str], Project]) -> None:
    assert "proto/a.proto" not in sent(api(""))
    assert sent(api('include = ["../proto/*.proto"]')) >= {"proto/a.proto", "api/src/main.rs"}
    assert "proto/b.txt" not in sent(api('include = ["../proto/*.proto"]'))
    assert "proto/b.txt" in sent(api('include = ["../proto"]'))


def test_of_history_what_names_commits_is_an_input(api: Callable[[str], Project], repository: Path) -> None:
    project = api('include = [".git"]')
    assert project.closure.root == repository
    assert {each for each in sent(project) if ".git" in each} == {
        ".git/HEAD", ".git/refs/heads/main", ".git/refs/tags/v1",
    }  # fmt: skip
    before = Inputs(project).contents
    (repository / ".git/objects/aa/more").touch()
    (repository / ".git/index").write_text("new")
    assert Inputs(project).contents == before
    (repository / ".git/refs/heads/main").write_text("1" * 40)
    assert Inputs(project).contents != before
    rules = render_dockerignore(make_context(project.workspace, project.closure)).splitlines()
    assert rules.index("!.git/objects") > rules.index("**/.git")


def test_assets_are_inputs(api: Callable[[str], Project], repository: Path) -> None:
    project = api('assets = ["static:/srv"]')
    before = Inputs(project).contents
    (repository / "api/static/index.html").write_text("new")
    assert Inputs(project).contents != before
    with pytest.raises(UsageError, match=r"Cargo.toml \[package.metadata.container\] assets: 'statics' cannot"):
        api('assets = ["statics:/srv"]')


def test_a_committed_dockerfile_does_not_depend_on_who_writes_it(
    api: Callable[[str], Project], session: Session
) -> None:
    session.environment = {**session.environment, "RUSTFLAGS": "--cfg mine"}
    project = api('build_env = { WORD = "x" }')
    lock = settle(project, session.backend, session.report, locked=False, offline=False)
    texts = [render_dockerfile(planning.plan_of(project, lock, alone=alone)) for alone in (True, False)]
    assert ["--cfg mine" in text for text in texts] == [False, True]
    assert all("WORD=x" in text for text in texts)


def test_what_is_compiled_differently_shares_no_layer() -> None:
    keys: tuple[dict[str, object], ...] = (
        {},
        {"build_env": {"A": "1"}},
        {"build_env": {"A": "2"}},
        {"secrets": {"a": {"env": "A"}}},
        {"secrets": {"a": {"env": "B"}}},
    )
    workspace = make_workspace(make_package())
    found = closure(workspace, workspace.members[0])
    kin = [kinship(Member(closure=found, settings=settings_of({"base_image": "a", **each}))) for each in keys]
    assert len(set(kin)) == len(keys)


def test_secrets_are_mounted_where_something_is_compiled_and_nowhere_else() -> None:
    container = {"base_image": "a", "secrets": {"token": {"env": "A"}}}
    plan = plan_of(make_workspace(make_package(container=container)))
    having = {
        stage.name
        for stage in plan.stages
        for step in stage.steps
        if isinstance(step, Run)
        and SecretMount(id="token", target="/run/secrets/token", is_required=True) in step.mounts
    }
    assert having == {"deps", "build"}


@pytest.fixture
def home(repository: Path) -> Path:
    """The directory that the repository lies in, with what is nobody else's in it, and a crate."""
    for name, text in {
        "keys/id": "secret",
        "dep/Cargo.toml": '[package]\nname = "dep"\n',
        "dep/src/lib.rs": "",
    }.items():
        (repository.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (repository.parent / name).write_text(text)
    return repository.parent


@pytest.mark.parametrize("kind", ["bin", "example", "test", "bench"])
@pytest.mark.parametrize("path", ["../../keys/id", "../../nowhere"])
def test_no_target_is_a_file_outside_of_the_repository(
    api: Callable[[str], Project], home: Path, kind: str, path: str
) -> None:
    message = f"has the path {home / path.removeprefix('../../')}, which lies outside of the repository"
    with pytest.raises(UsageError, match=message):
        api(f'[[{kind}]]\nname = "x"\npath = "{path}"\n')


def test_a_dependency_outside_of_the_repository_opens_nothing_else(
    api: Callable[[str], Project], repository: Path, home: Path
) -> None:
    """The root of the context is above both then."""
    configuration = '[source.x]\ndirectory = "../keys"\n[env]\nA = { value = "../keys/id", relative = true }\n'
    (repository / ".cargo").mkdir()
    (repository / ".cargo/config.toml").write_text(f'include = ["../../keys/more.toml"]\n{configuration}')
    (home / "keys/more.toml").write_text("")
    (repository / "api/src/main.rs").write_text('const _: &str = include_str!("../../../keys/id");')
    (repository / "api/link").symlink_to("../../keys/id")
    project = api('[dependencies]\ndep = { path = "../../dep" }\n')
    name = repository.name
    own = {"api/Cargo.toml", "api/src/main.rs", "api/link", "api/static/index.html", ".cargo/config.toml"}
    assert project.closure.root == home
    found = sent(project)
    assert {path for path in found if path.startswith("dep/")} == {"dep/Cargo.toml", "dep/src/lib.rs"}
    assert {path for path in found if not path.startswith("dep/")} == {f"{name}/{path}" for path in own}
    with pytest.raises(UsageError, match="it leads out of"):
        api('include = ["../../keys/id"]\n[dependencies]\ndep = { path = "../../dep" }\n')

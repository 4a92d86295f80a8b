from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.plan import CacheMount, Copy, Plan, Run
from tests.crates import BASE, ROOT, TOOLCHAIN, make_package, make_workspace, plan_of

if TYPE_CHECKING:
    from cargo_stow.model import Package

MEMBER, OTHER, SHARED = ROOT / "member", ROOT / "other", ROOT / "shared"


def commands(plan: Plan, stage: str) -> list[tuple[str, ...]]:
    steps = next(each.steps for each in plan.stages if each.name == stage)
    return [command for step in steps if isinstance(step, Run) for command in step.commands]


def cargo(plan: Plan) -> tuple[str, ...]:
    return next(command for command in commands(plan, "build") if command[0] == "cargo")


def paths(found: tuple[PurePosixPath, ...]) -> list[str]:
    return [str(path) for path in found]


def test_both_stages_stem_from_the_one_base() -> None:
    plan = plan_of(make_workspace())
    assert [(stage.name, stage.parent) for stage in plan.stages] == [
        ("base", BASE), ("toolchain", TOOLCHAIN), ("builder", "base"), ("build", "builder"), ("runtime", "base"),
    ]  # fmt: skip
    assert plan.stages[-1].steps == (Copy(stage="build", source="/out/greeter", target="/usr/bin/greeter"),)
    assert (plan.config.user, plan.config.entrypoint) == ("65532:65532", ("/usr/bin/greeter",))


@pytest.mark.parametrize(
    ("container", "locked", "words"),
    [
        ({}, True, ("--release", "--locked")),
        ({}, False, ("--release",)),
        ({"profile": "dev"}, True, ("--profile", "dev", "--locked")),
        ({"features": ["a", "b/c"]}, False, ("--release", "--features", "a,b/c")),
        ({"all_features": True, "no_default_features": True}, False,
         ("--release", "--all-features", "--no-default-features")),
    ],
)  # fmt: skip
def test_what_cargo_is_told(container: dict[str, object], locked: bool, words: tuple[str, ...]) -> None:
    workspace = make_workspace(make_package(container={"base_image": "a", **container}))
    assert cargo(plan_of(workspace, locked=locked)) == (
        "cargo", "build", "--package", "greeter", "--bin", "greeter", *words,
    )  # fmt: skip


@pytest.mark.parametrize(("profile", "directory"), [("release", "release"), ("dev", "debug"), ("small", "small")])
def test_where_the_executable_is_taken_from(profile: str, directory: str) -> None:
    plan = plan_of(make_workspace(make_package(container={"base_image": "a", "profile": profile})))
    install = next(command for command in commands(plan, "build") if command[0] == "install")
    assert install == ("install", "-D", "-m", "0755", f"/target/{directory}/greeter", "/out/greeter")


def test_packages_are_sorted_and_named_once_and_never_patterns() -> None:
    container = {
        "base_image": "a",
        "build_deps": ["zlib1g-dev", "gcc"],
        "runtime_deps": ["libssl3", "libc6", "libssl3"],
    }
    plan = plan_of(make_workspace(make_package(container=container)))
    built, run = (
        next(words for words in commands(plan, stage) if "install" in words) for stage in ("builder", "runtime")
    )
    assert built[built.index("--") + 1 :] == ("ca-certificates", "gcc", "libc6-dev", "zlib1g-dev")
    assert run[run.index("--") + 1 :] == ("libc6", "libssl3")
    assert "APT::Cmd::Pattern-Only=true" in built


def test_the_caches_of_apt_belong_to_one_base_and_stage() -> None:
    def ids(plan: Plan) -> set[str]:
        runs = [step for stage in plan.stages for step in stage.steps if isinstance(step, Run)]
        return {mount.id for run in runs for mount in run.mounts if isinstance(mount, CacheMount) and "apt" in mount.id}

    workspace = make_workspace(make_package(container={"base_image": "a", "runtime_deps": ["libssl3"]}))
    one, two = ids(plan_of(workspace)), ids(plan_of(workspace, base=TOOLCHAIN))
    assert len(one) == 4
    assert not one & two


def members(*, knows: bool = False) -> tuple[Package, ...]:
    return (
        make_package("member", MEMBER, needs=(SHARED,)),
        make_package("other", OTHER, bins=("tool", "other"), library=True),
        make_package("shared", SHARED, bins=(), library=True),
    )


def test_members_that_are_not_compiled_are_only_stubs() -> None:
    plan = plan_of(make_workspace(*members()))
    assert commands(plan, "build")[:2] == [
        ("mkdir", "-p", "/src/other/src", "/src/other/src/bin"),
        ("touch", "/src/other/src/bin/other.rs", "/src/other/src/bin/tool.rs", "/src/other/src/lib.rs"),
    ]
    assert paths(plan.context.directories) == ["member", "shared"]
    assert paths(plan.context.files) == ["Cargo.lock", "Cargo.toml", "other/Cargo.toml"]
    assert {"other", "member/target", "member/Stow.lock"} <= set(paths(plan.context.excluded))


def test_whose_target_directory_it_is_changes_no_committed_file() -> None:
    """One that nothing would send is in no rule; else `dockerfile --check` would depend on CARGO_TARGET_DIR."""
    mine, theirs = plan_of(make_workspace(*members())), plan_of(make_workspace(*members(), target=ROOT / "elsewhere"))
    assert mine.context == theirs.context
    inside = plan_of(make_workspace(*members(), target=MEMBER / "out"))
    assert "member/out" in paths(inside.context.excluded)


def test_a_thousand_stubs_fit_on_the_lines_that_docker_reads() -> None:
    stubs = tuple(make_package(f"package-{number:0100}", ROOT / f"{number:0100}") for number in range(500))
    plan = plan_of(make_workspace(make_package("member", MEMBER), *stubs))
    touched = [word for command in commands(plan, "build") if command[0] == "touch" for word in command[1:]]
    assert len(touched) == 500
    assert max(map(len, render_dockerfile(plan).splitlines())) < 65_536


def test_a_root_package_with_members_below() -> None:
    below = make_package("below", ROOT / "crates/below")
    plan = plan_of(make_workspace(make_package(needs=()), below))
    assert paths(plan.context.directories) == ["."]
    assert {"crates/below", "target", "rust-toolchain.toml", "Dockerfile", "Stow.lock"} <= set(
        paths(plan.context.excluded)
    )
    assert "crates/below/Cargo.toml" in paths(plan.context.files)


def test_a_path_crate_outside_the_workspace_moves_the_root_up() -> None:
    outside = make_package("shared", Path("/shared"), bins=(), library=True)
    plan = plan_of(make_workspace(make_package(needs=(outside.directory,)), outside=(outside,)))
    assert paths(plan.context.directories) == ["my crates", "shared"]
    assert paths(plan.context.files) == ["my crates/Cargo.lock", "my crates/Cargo.toml"]
    assert "my crates/target" in paths(plan.context.excluded)


def test_a_package_in_a_directory_called_target_is_sent() -> None:
    target = make_package("target", ROOT / "target", bins=(), library=True)
    plan = plan_of(make_workspace(make_package(needs=(target.directory,)), target, target=ROOT / "out"))
    assert paths(plan.context.directories) == [".", "target"]
    assert "target" not in paths(plan.context.excluded)


def test_a_target_directory_elsewhere_needs_no_rule() -> None:
    plan = plan_of(make_workspace(target=Path("/elsewhere")))
    assert not any("elsewhere" in path for path in paths(plan.context.excluded))
    assert paths(plan_of(make_workspace(target=ROOT)).context.directories) == ["."]
    assert "." not in paths(plan_of(make_workspace(target=ROOT)).context.excluded)


def test_cargo_s_configuration_is_sent() -> None:
    plan = plan_of(make_workspace(*members()), files=(ROOT / ".cargo/config.toml",))
    assert ".cargo/config.toml" in paths(plan.context.files)


def test_vendored_crates_are_sent() -> None:
    plan = plan_of(make_workspace(*members()), vendored=(ROOT / "vendor", ROOT / "target"))
    assert paths(plan.context.directories) == ["member", "shared", "target", "vendor"]
    assert "target" not in paths(plan.context.excluded)


def test_the_executable_of_another_target_is_below_its_name() -> None:
    install = next(
        words for words in commands(plan_of(make_workspace(), target="x-y"), "build") if words[0] == "install"
    )
    assert "/target/x-y/release/greeter" in install

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cargo_stow.dockerfile import render_dockerfile
from cargo_stow.errors import UsageError
from cargo_stow.manifest import ToolchainFile
from cargo_stow.model import Target
from cargo_stow.plan import CacheMount, ContextMount, Copy, Plan, Run, SecretMount, StageMount, Write
from cargo_stow.platforms import parse_platform
from tests.crates import BASE, ROOT, TOOLCHAIN, make_package, make_workspace, plan_of

if TYPE_CHECKING:
    from cargo_stow.model import Package, PackageManager
    from cargo_stow.plan import Step

STOW = "/stow/stow"
MEMBER, OTHER, SHARED = ROOT / "member", ROOT / "other", ROOT / "shared"


def steps(plan: Plan, stage: str) -> tuple[Step, ...]:
    return next(each.steps for each in plan.stages if each.name == stage)


def commands(plan: Plan, stage: str) -> list[tuple[str, ...]]:
    return [command for step in steps(plan, stage) if isinstance(step, Run) for command in step.commands]


def cargo(plan: Plan, stage: str = "build") -> tuple[str, ...]:
    return next(command for command in commands(plan, stage) if command[:2] == ("cargo", "build"))


def step(plan: Plan, stage: str) -> Run:
    """The only step of a stage that runs something."""
    (found,) = [step for each in plan.stages if each.name == stage for step in each.steps if isinstance(step, Run)]
    return found


EVERYBODYS = [("--shared", "Cargo.toml"), ("--shared", "Cargo.lock")]


def sync(plan: Plan) -> list[tuple[str, ...]]:
    """The options of the build's `stow sync`, each with its values."""
    verb, *words = next(command for command in commands(plan, "build") if command[0] == STOW)[1:]
    assert (verb, words[:2]) == ("sync", ["/context", "/build"])
    starts = [number for number, word in enumerate(words) if word.startswith("--")]
    return [tuple(words[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def paths(found: tuple[PurePosixPath, ...]) -> list[str]:
    return [str(path) for path in found]


def test_both_stages_stem_from_the_one_base() -> None:
    plan = plan_of(make_workspace())
    assert [(stage.name, stage.parent) for stage in plan.stages] == [
        ("base", BASE), ("toolchain", TOOLCHAIN), ("builder", "base"), ("tools", "builder"), ("lock", "builder"),
        ("deps", "builder"), ("build", "builder"), ("runtime", "base"),
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
        ({"all_features": True, "no_default_features": True}, True,
         ("--release", "--all-features", "--no-default-features", "--locked")),
    ],
)  # fmt: skip
def test_what_cargo_is_told(container: dict[str, object], locked: bool, words: tuple[str, ...]) -> None:
    workspace = make_workspace(make_package(container={"base_image": "a", **container}))
    plan = plan_of(workspace, locked=locked)
    expected = ("cargo", "build", "--package", "greeter", "--bin", "greeter", *words)
    assert cargo(plan) == expected
    # The layer's lock is masked, and so may be completed.
    assert cargo(plan, "deps") == tuple(word for word in expected if word != "--locked")


@pytest.mark.parametrize(("profile", "directory"), [("release", "release"), ("dev", "debug"), ("small", "small")])
def test_where_the_executable_is_taken_from(profile: str, directory: str) -> None:
    plan = plan_of(make_workspace(make_package(container={"base_image": "a", "profile": profile})))
    install = next(command for command in commands(plan, "build") if command[0] == "install")
    assert install == ("install", "-D", "-m", "0755", f"/build/target/{directory}/greeter", "/out/greeter")


def test_packages_are_sorted_and_named_once_and_never_patterns() -> None:
    container = {
        "base_image": "a",
        "build_deps": ["zlib1g-dev", "gcc"],
        "runtime_deps": ["libssl3", "libc6", "libssl3"],
    }
    plan = plan_of(make_workspace(make_package(container=container)))
    built, run = (
        next(words for words in commands(plan, stage) if "install" in words) for stage in ("builder", "packages")
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
    assert sync(plan) == [
        *(("--stub", f"other/src/{name}.rs") for name in ("lib", "bin/tool", "bin/other")),
        *EVERYBODYS,
        ("--package", "member", "member", "member/src/bin/member.rs"),
        ("--package", "shared", "shared", "shared/src/lib.rs"),
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
    assert sum(option[0] == "--stub" for option in sync(plan)) == 500
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
    plan = plan_of(make_workspace(*members()), configuration=(ROOT / ".cargo/config.toml",))
    assert ".cargo/config.toml" in paths(plan.context.files)
    mount = ContextMount(source=".cargo/config.toml", target="/build/src/.cargo/config.toml")
    assert mount in step(plan, "deps").mounts
    assert sync(plan)[0] == ("--lend", ".cargo/config.toml")
    assert commands(plan, "deps")[0] == (STOW, "adopt", "/build", "--skip", ".cargo/config.toml")
    assert ".cargo/config.toml" in paths(plan_of(make_workspace(), files=(ROOT / ".cargo/config.toml",)).context.files)


def test_cargo_s_configuration_is_in_no_layer_even_where_its_package_is_copied() -> None:
    inner = replace(make_workspace(make_package(library=True)), patches=(ROOT,))
    plan = plan_of(inner, configuration=(ROOT / ".cargo/config.toml",))
    (copying, *_) = (each for each in steps(plan, "deps") if isinstance(each, Run))
    assert copying.mounts == (ContextMount(source=".", target="/whole"),)
    assert copying.commands[-1] == ("rm", "/build/src/.cargo/config.toml")
    assert not any(isinstance(each, Copy) and each.source == "." for each in steps(plan, "deps"))


def test_a_home_of_cargo_in_the_package_is_not_sent() -> None:
    inside = [path for path in paths(plan_of(make_workspace()).context.excluded) if path.startswith(".cargo/")]
    assert {".cargo/credentials", ".cargo/credentials.toml", ".cargo/registry", ".cargo/git"} <= set(inside)


@pytest.mark.parametrize(
    ("home", "excluded"),
    [
        (ROOT / "ci/home", True),
        (ROOT / "ci/.cargo", True),
        (ROOT / ".cargo", False),  # where the project's own configuration is, too
        (Path("/home/user/.cargo"), False),
        (ROOT, False),
    ],
)
def test_a_home_of_cargo_under_another_name_is_not_sent(home: Path, excluded: bool) -> None:
    plan = plan_of(replace(make_workspace(), cargo_home=home))
    if excluded:
        assert str(home.relative_to(ROOT)) in paths(plan.context.excluded)
    else:
        assert plan.context == plan_of(make_workspace()).context


def test_vendored_crates_are_sent() -> None:
    plan = plan_of(make_workspace(*members()), vendored=(ROOT / "vendor", ROOT / "target"))
    assert paths(plan.context.directories) == ["member", "shared", "target", "vendor"]
    assert "target" not in paths(plan.context.excluded)
    mounts = {ContextMount(source=name, target=f"/build/src/{name}") for name in ("vendor", "target")}
    assert mounts <= set(step(plan, "deps").mounts)
    assert commands(plan, "deps")[0] == (STOW, "adopt", "/build", "--skip", "vendor", "--skip", "target")
    assert sync(plan)[:2] == [("--lend", "vendor"), ("--lend", "target")]


def test_no_step_has_the_whole_context_mounted_and_a_part_of_it() -> None:
    """Docker 20.10 would go by the content of the part alone, and take a step for cached after any edit."""
    inner = replace(make_workspace(make_package(library=True)), patches=(ROOT,))
    for workspace in (make_workspace(*members()), inner):
        plan = plan_of(workspace, vendored=(ROOT / "vendor",), configuration=(ROOT / ".cargo/config.toml",))
        for each in (each for stage in plan.stages for each in stage.steps if isinstance(each, Run)):
            mounted = [mount.source for mount in each.mounts if isinstance(mount, ContextMount)]
            assert "." not in mounted or len(mounted) == 1


def test_the_executable_of_another_target_is_below_its_name() -> None:
    install = next(
        words for words in commands(plan_of(make_workspace(), target="x-y"), "build") if words[0] == "install"
    )
    assert "/build/target/x-y/release/greeter" in install


def test_the_build_begins_with_the_layer_and_has_the_context_read_only() -> None:
    mounts = step(plan_of(make_workspace()), "build").mounts
    assert mounts[0] == ContextMount(target="/context")
    assert CacheMount(id="cargo-stow-build-greeter", target="/build", stage="deps") in mounts
    assert StageMount(stage="tools", source="/stow", target="/stow") in mounts


@pytest.mark.parametrize("sign", "$'\"\\,")
def test_what_no_mount_can_say_is_refused(sign: str) -> None:
    vendored = ROOT / f"a{sign}b/vendor"
    with pytest.raises(UsageError, match="is mounted in the build") as caught:
        plan_of(make_workspace(), vendored=(vendored,))
    assert str(vendored.relative_to(ROOT)) in str(caught.value)
    with pytest.raises(UsageError, match="is mounted in the build"):
        plan_of(make_workspace(), configuration=(ROOT / f"{sign}/.cargo/config.toml",))


def test_no_step_before_the_build_sees_more_of_the_context_than_it_needs() -> None:
    """Else any edit would compile the layer anew."""
    plan = plan_of(make_workspace(*members()))
    layer = [step for stage in plan.stages[:-2] for step in stage.steps]
    mounts = [mount for step in layer if isinstance(step, Run) for mount in step.mounts]
    assert not any(isinstance(mount, ContextMount) for mount in mounts)
    assert [step.source for step in layer if isinstance(step, Copy) and not step.stage] == ["Cargo.lock"]


def test_both_cargos_keep_all_they_compile_in_one_place() -> None:
    for stage in ("deps", "build"):
        variables = dict(step(plan_of(make_workspace()), stage).environment)
        assert (variables["CARGO_TARGET_DIR"], variables["CARGO_BUILD_BUILD_DIR"]) == ("/build/target", "/build/target")
        assert step(plan_of(make_workspace(*members())), stage).directory == "/build/src/member"


def test_what_the_stubs_left_is_forgotten() -> None:
    last = commands(plan_of(make_workspace(*members())), "deps")[-1]
    assert last == (STOW, "forget", "/build", "member", "shared")


@pytest.mark.parametrize(
    ("locked", "generated", "stages"),
    [
        (True, None, {"lock", "deps"}),
        (True, PurePosixPath("target/stow/generated/x"), {"deps"}),
        (False, None, {"deps"}),
        (False, PurePosixPath("target/stow/generated/x"), {"deps"}),
    ],
)
def test_the_lock_is_masked_by_a_step_only_where_nobody_else_does(
    locked: bool, generated: PurePosixPath | None, stages: set[str]
) -> None:
    plan = plan_of(make_workspace(), locked=locked, generated=generated)
    assert {stage.name for stage in plan.stages} & {"lock", "deps"} == stages
    copied = Copy(stage="lock", source="/lock/Cargo.lock", target="/build/src/Cargo.lock")
    assert (copied in steps(plan, "deps")) == ("lock" in stages)


def test_generated_files_are_sent_and_are_no_sources() -> None:
    generated = PurePosixPath("target/stow/generated/member.member")
    plan = plan_of(make_workspace(*members()), generated=generated)
    assert str(generated) in paths(plan.context.directories)
    assert ("--skip", str(generated)) in sync(plan)
    assert plan.generated == generated
    writes = [step for stage in plan.stages for step in stage.steps if isinstance(step, Write)]
    assert [(write.name, write.target) for write in writes] == [("tools", "/stow"), ("skeleton", "/build/src")]


def test_scripts_are_roots_and_targets_may_lie_outside_of_their_package() -> None:
    script = Target(name="build-script-build", kind="custom-build", path=PurePosixPath("../common/build.rs"))
    package = make_package("member", MEMBER, library=True, bins=("member", "more"))
    plan = plan_of(make_workspace(replace(package, targets=(*package.targets, script))), flags={"bin": "member"})
    assert sync(plan) == [
        *EVERYBODYS,
        ("--package", "member", "member", "member/src/lib.rs", "member/src/bin/member.rs"),
        ("--script", "common/build.rs"),
    ]


def test_a_root_package_is_the_directory_without_a_name() -> None:
    assert sync(plan_of(make_workspace())) == [*EVERYBODYS, ("--package", "greeter", "", "src/bin/greeter.rs")]


def patched(*configuration: Path) -> Plan:
    crates = (make_package("ours", ROOT / "ours", library=True, bins=()), make_package("member", MEMBER))
    workspace = replace(make_workspace(crates[1], crates[0]), patches=(ROOT / "ours",))
    return plan_of(workspace, files=(ROOT / "common/lib.rs",), configuration=configuration)


def test_patched_crates_are_in_the_layer_with_their_sources() -> None:
    plan = patched()
    copied = [step for step in steps(plan, "deps") if isinstance(step, Copy) and not step.stage]
    assert copied == [Copy(source=name, target=f"/build/src/{name}") for name in ("ours", "common/lib.rs")]
    assert commands(plan, "deps")[-1] == (STOW, "forget", "/build", "member")
    assert sync(plan)[-2:] == [("--package", "ours", "ours", "ours/src/lib.rs"), ("--patched",)]
    _, masking = commands(plan, "lock")
    assert ' && !/\\nname = "ours"/ ' in masking[1]


def test_crates_of_one_name_keep_their_versions() -> None:
    workspace = make_workspace(make_package(), outside=(make_package("x", ROOT / "a"), make_package("x", ROOT / "b")))
    assert r'!/\nsource = / && !/\nname = "x"/ { sub(' in commands(plan_of(workspace), "lock")[1][1]
    assert r"!/\nsource = / { sub(" in commands(plan_of(make_workspace(*members())), "lock")[1][1]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (None, ("--target", "x86_64-unknown-linux-gnu")),
        ("x86_64-unknown-linux-gnu", ("--target", "x86_64-unknown-linux-gnu")),
        ("wasm32-wasip1", ("--target", "x86_64-unknown-linux-gnu", "--target", "wasm32-wasip1")),
    ],
)
def test_what_is_fetched(target: str | None, words: tuple[str, ...]) -> None:
    plan = plan_of(make_workspace(), target=target)
    assert ("cargo", "fetch", *words) in commands(plan, "deps")


def test_the_cache_of_a_package_of_any_name() -> None:
    plan = plan_of(make_workspace(make_package("a.b", bins=("greeter",))))
    (cache,) = [mount for mount in step(plan, "build").mounts if isinstance(mount, CacheMount) and mount.stage]
    assert cache.id == "cargo-stow-build-a_b"


def packages(plan: Plan, stage: str) -> tuple[str, ...]:
    """What a stage installs, behind the options."""
    words = next(words for words in commands(plan, stage) if {"install", "add"} & set(words))
    last = max(number for number, word in enumerate(words) if word.startswith("-"))
    return words[last + 1 :]


RPM_BUILDER = ("ca-certificates", "gawk", "gcc", "glibc-devel", "sed")


@pytest.mark.parametrize(
    ("manager", "program", "builder", "rust"),
    [
        ("apt", "apt-get", ("ca-certificates", "gcc", "libc6-dev"), ("cargo", "rustc")),
        ("apk", "apk", ("ca-certificates", "gcc", "musl-dev"), ("cargo", "rust")),
        ("dnf", "dnf", RPM_BUILDER, ("cargo", "rust")),
        ("microdnf", "microdnf", RPM_BUILDER, ("cargo", "rust")),
    ],
)
def test_each_manager_installs_what_its_family_needs(
    manager: PackageManager, program: str, builder: tuple[str, ...], rust: tuple[str, ...]
) -> None:
    container = {"base_image": "a", "build_deps": ["zlib", "gcc"], "runtime_deps": ["openssl"]}
    plan = plan_of(make_workspace(make_package(container=container)), package_manager=manager)
    assert packages(plan, "builder") == tuple(sorted({*builder, "zlib"}))
    assert packages(plan, "packages") == ("openssl",)
    assert {words[0] for words in commands(plan, "builder")} == {program, "rm"}
    container["toolchain"] = "dnf" if manager == "microdnf" else manager
    own = plan_of(make_workspace(make_package(container=container)), package_manager=manager, toolchain=None)
    assert packages(own, "builder") == tuple(sorted({*builder, "zlib", *rust}))


@pytest.mark.parametrize(
    ("key", "name", "manager", "complaint"),
    [
        ("build_deps", "SDL2-devel", "apt", "a Debian package name"),
        ("runtime_deps", "libc6:armhf", "dnf", "an RPM package name"),
        ("build_deps", "so:libssl.so.3", "microdnf", "an RPM package name"),
        ("runtime_deps", "glibc-2:2.38", "apk", "an Alpine package name"),
    ],
)
def test_a_name_that_is_none_to_the_base_s_manager(
    key: str, name: str, manager: PackageManager, complaint: str
) -> None:
    workspace = make_workspace(make_package(container={"base_image": "a", key: [name]}))
    with pytest.raises(
        UsageError, match=rf"^{ROOT}/Cargo.toml .* {key}: '{name}' cannot be in .* {complaint}"
    ) as caught:
        plan_of(workspace, package_manager=manager)
    assert "as a has it" in caught.value.hint


@pytest.mark.parametrize(
    ("manager", "bundle"),
    [
        ("apk", "/etc/ssl/certs/ca-certificates.crt"),
        ("microdnf", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    ],
)
def test_where_a_family_keeps_the_certificates_it_trusts(manager: PackageManager, bundle: str) -> None:
    plan = plan_of(make_workspace(), package_manager=manager)
    for stage in ("deps", "build"):
        assert SecretMount(id="cargo-stow-ca", target=bundle) in step(plan, stage).mounts


@pytest.mark.parametrize(
    ("platform", "manager", "triple"),
    [
        ("linux/amd64", "apk", "x86_64-unknown-linux-musl"),
        ("linux/arm64", "apk", "aarch64-unknown-linux-musl"),
        ("linux/arm/v7", "apk", "armv7-unknown-linux-musleabihf"),
        ("linux/arm/v7", "dnf", "armv7-unknown-linux-gnueabihf"),
        ("linux/arm/v6", "apt", "arm-unknown-linux-gnueabihf"),
        ("linux/amd64/v3", "apt", "x86_64-unknown-linux-gnu"),
        ("linux/arm64/v8", "apt", "aarch64-unknown-linux-gnu"),
        ("linux/arm/v5", "apt", None),
        ("linux/riscv64", "apt", None),
    ],
)
def test_what_a_platform_is_to_rustc(platform: str, manager: PackageManager, triple: str | None) -> None:
    plan = plan_of(make_workspace(), package_manager=manager, platform=parse_platform(platform))
    assert ("cargo", "fetch", *(("--target", triple) if triple else ())) in commands(plan, "deps")


def stage_mounts(plan: Plan) -> set[tuple[str, str, str]]:
    """For each step that compiles, what is lent to it, and from where."""
    runs = [(stage, step(plan, stage)) for stage in ("deps", "build")]
    found = [(stage, mount) for stage, run in runs for mount in run.mounts if isinstance(mount, StageMount)]
    return {(stage, mount.stage, mount.target) for stage, mount in found if mount.stage not in {"tools", "base"}}


@pytest.mark.parametrize("toolchain", ["base", "apt"])
def test_a_toolchain_that_the_builder_has_is_not_lent(toolchain: str) -> None:
    workspace = make_workspace(make_package(container={"base_image": "a", "toolchain": toolchain}))
    plan = plan_of(workspace, toolchain=None)
    assert [stage.name for stage in plan.stages] == ["base", "builder", "tools", "lock", "deps", "build", "runtime"]
    assert stage_mounts(plan) == set()
    for stage in ("tools", "deps", "build"):
        (run,) = [each for each in steps(plan, stage) if isinstance(each, Run)]
        assert (run.path, {"RUSTUP_HOME"} & dict(run.environment).keys()) == ((), set())


def test_what_to_do_about_a_base_without_cargo_is_said_by_the_first_step_that_needs_it(tmp_path: Path) -> None:
    workspace = make_workspace(make_package(container={"base_image": "a", "toolchain": "base"}))
    check = commands(plan_of(workspace, toolchain=None), "tools")[0]
    (tmp_path / "cargo").write_text("#!/bin/sh\n")
    (tmp_path / "cargo").chmod(0o755)
    ended = subprocess.run(
        ["/bin/sh", *check[1:]], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "toolchain = 'base', but the base image has no rustc on its PATH" in ended.stderr
    (tmp_path / "rustc").write_bytes((tmp_path / "cargo").read_bytes())
    (tmp_path / "rustc").chmod(0o755)
    subprocess.run(["/bin/sh", *check[1:]], env={"PATH": str(tmp_path)}, check=True)


def test_what_no_image_has_is_installed_by_rustup_in_a_stage_of_its_own() -> None:
    file = ToolchainFile(
        file=ROOT / "rust-toolchain.toml", channel="beta", components=("llvm-tools",), targets=("wasm32-wasip1",)
    )
    plan = plan_of(make_workspace(), toolchain_file=file)
    assert [(stage.name, stage.parent) for stage in plan.stages[:5]] == [
        ("base", BASE), ("toolchain", TOOLCHAIN), ("builder", "base"), ("rustup", "builder"), ("tools", "builder"),
    ]  # fmt: skip
    assert commands(plan, "rustup") == [
        ("rustup", "toolchain", "install", "beta", "--profile", "minimal", "--no-self-update",
         "--component", "llvm-tools", "--target", "wasm32-wasip1")
    ]  # fmt: skip
    assert stage_mounts(plan) == {
        (stage, *lent)
        for stage in ("deps", "build")
        for lent in (("rustup", "/usr/local/rustup"), ("toolchain", "/usr/local/cargo"))
    }
    for stage in ("tools", "deps", "build"):
        (run,) = [each for each in steps(plan, stage) if isinstance(each, Run)]
        assert dict(run.environment)["RUSTUP_TOOLCHAIN"] == "beta"


def test_no_step_needs_what_busybox_does_not_have() -> None:
    """Its cp knows no long options."""
    words = [
        words
        for stage in patched(ROOT / "ours/.cargo/config.toml").stages
        for run in stage.steps
        if isinstance(run, Run)
        for words in run.commands
    ]
    copying = [line for line in words if line[0] in {"cp", "sed", "mkdir", "rm", "install"}]
    assert {line[0] for line in copying} == {"cp", "sed", "mkdir", "rm", "install"}
    assert not any(word.startswith("--") for line in copying for word in line)

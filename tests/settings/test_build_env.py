"""Variables of the build, and those of the caller's cargo."""

from __future__ import annotations

import pytest

from cargo_stow.errors import UsageError
from tests.crates import settings_of

BASE = {"base_image": "debian:12"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("PATH", "the base image's"),
        ("HOME", "git and ssh"),
        ("CARGO_HOME", "sets it itself"),
        ("CARGO_TARGET_DIR", "sets it itself"),
        ("CARGO_BUILD_BUILD_DIR", "sets it itself"),
        ("RUSTUP_HOME", "sets it itself"),
        ("RUSTUP_TOOLCHAIN", "`toolchain`"),
        ("CARGO_BUILD_TARGET", "build.target"),
        ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"),
        ("LD_PRELOAD", "every program"),
        ("https_proxy", "proxy"),
        ("HTTPS_PROXY", "proxy"),
        ("CARGO_REGISTRY_TOKEN", "history"),
        ("CARGO_REGISTRIES_MINE_TOKEN", "history"),
        ("A-B", "a variable's name"),
    ],
)
def test_variables_that_are_refused(name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        settings_of({**BASE, "build_env": {name: "x"}})
    assert f"build_env: {{'{name}': 'x'}}" in caught.value.message


def test_variables() -> None:
    given = {"SQLX_OFFLINE": "true", "PROTOC": "/usr/bin/protoc", "ODD": "'\"$HOME`\\", "N": 1, "EMPTY": ""}
    assert dict(settings_of({**BASE, "build_env": given}).build_env) == {**given, "N": "1"}
    with pytest.raises(UsageError, match="control character"):
        settings_of({**BASE, "build_env": {"A": "a\nb"}})
    with pytest.raises(UsageError, match="more than 8000 characters"):
        settings_of({**BASE, "build_env": {f"A{number}": "x" * 5000 for number in range(2)}})


CALLERS = {
    "RUSTFLAGS": "-D warnings",
    "CARGO_PROFILE_RELEASE_LTO": "thin",
    "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS": "--cfg x",
    "CARGO_INCREMENTAL": "0",
}


def test_what_the_callers_cargo_goes_by() -> None:
    others = {"RUSTC_WRAPPER": "sccache", "CARGO_HOME": "/x", "CARGO_TERM_COLOR": "never", "RUST_LOG": "debug"}
    settings = settings_of(BASE, environment={**CALLERS, **others})
    assert dict(settings.build_env) == CALLERS
    assert settings.ambient == tuple(sorted(CALLERS))
    assert settings.origins["build_env.RUSTFLAGS"] == "variable RUSTFLAGS"


def test_any_other_place_is_stronger() -> None:
    own = settings_of({**BASE, "build_env": {"RUSTFLAGS": "--cfg own"}}, environment=CALLERS)
    assert dict(own.build_env)["RUSTFLAGS"] == "--cfg own"
    assert "RUSTFLAGS" not in own.ambient
    without = settings_of(BASE, workspace={"build_env": {"RUSTFLAGS": False}}, environment=CALLERS)
    assert "RUSTFLAGS" not in dict(without.build_env)


def test_encoded_flags() -> None:
    environment = {"RUSTFLAGS": "--cfg weaker", "CARGO_ENCODED_RUSTFLAGS": "--cfg\x1fspecial\x1f-Copt-level=1"}
    settings = settings_of(BASE, environment=environment)
    assert dict(settings.build_env) == {"RUSTFLAGS": "--cfg special -Copt-level=1"}
    assert settings.origins["build_env.RUSTFLAGS"] == "variable CARGO_ENCODED_RUSTFLAGS"
    with pytest.raises(UsageError, match=r"variable CARGO_ENCODED_RUSTFLAGS: .*control character"):
        settings_of(BASE, environment={"CARGO_ENCODED_RUSTFLAGS": "--cfg\x1fa b"})


def test_a_control_character_in_a_callers_variable() -> None:
    with pytest.raises(UsageError, match=r"variable RUSTFLAGS: .*control character"):
        settings_of(BASE, environment={"RUSTFLAGS": "-C\nx"})

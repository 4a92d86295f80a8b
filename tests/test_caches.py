"""What is asked for by flags and variables, and what can be no cache. Pure."""

from __future__ import annotations

import re

import pytest

from cargo_stow.cache_text import shown
from cargo_stow.caches import MODES, Caches, describe, read_caches
from cargo_stow.errors import UsageError

ACTIONS = {"ACTIONS_RUNTIME_TOKEN": "secret", "ACTIONS_CACHE_URL": "https://cache.example.org/"}


def test_nothing_is_asked_for() -> None:
    caches = read_caches(
        {"CARGO_STOW_CACHE_MODE": "", "CARGO_STOW_CACHE_FROM": " ", "CARGO_STOW_CACHE_TO": ""}, Caches()
    )
    assert caches == Caches()
    assert not caches.are_kept
    caches.check()


def test_variables() -> None:
    variables = {
        "CARGO_STOW_CACHE_MODE": "local",
        "CARGO_STOW_CACHE_FROM": "user/app:a type=local,src=/b",
        "CARGO_STOW_CACHE_TO": "user/app:c",
    }
    found = read_caches(variables, Caches())
    assert found == Caches(mode="local", sources=("user/app:a", "type=local,src=/b"), targets=("user/app:c",))


def test_each_flag_goes_before_its_variable() -> None:
    variables = {"CARGO_STOW_CACHE_MODE": "local", "CARGO_STOW_CACHE_FROM": "a", "CARGO_STOW_CACHE_TO": "b"}
    assert read_caches(variables, Caches(mode="registry")) == Caches(mode="registry", sources=("a",), targets=("b",))
    assert read_caches(variables, Caches(sources=("c",))) == Caches(mode="local", sources=("c",), targets=("b",))
    assert read_caches(variables, Caches(targets=("d",))) == Caches(mode="local", sources=("a",), targets=("d",))


@pytest.mark.parametrize(
    ("caches", "kept"),
    [
        (Caches(), False),
        (Caches(sources=("user/app:cache",)), False),
        (Caches(targets=("user/app:cache",)), True),
        *((Caches(mode=mode), True) for mode in MODES),
    ],
)
def test_a_source_alone_keeps_nothing(caches: Caches, kept: bool) -> None:
    assert caches.are_kept == kept


def test_a_mode_that_is_none() -> None:
    with pytest.raises(UsageError, match=r"CARGO_STOW_CACHE_MODE: 'locl' is no mode") as caught:
        read_caches({"CARGO_STOW_CACHE_MODE": "locl"}, Caches()).check()
    assert "local, registry, gha" in caught.value.hint


UNREACHED = [Caches(mode="gha"), Caches(targets=("type=gha,scope=x",)), Caches(targets=("a", '"type=gha",mode=max'))]


@pytest.mark.parametrize("caches", UNREACHED)
@pytest.mark.parametrize("variables", [{}, *({name: value} for name, value in ACTIONS.items())])
def test_outside_of_github_actions(caches: Caches, variables: dict[str, str]) -> None:
    """Where docker itself says nothing, and keeps nothing."""
    with pytest.raises(UsageError, match=r"^--cache-(mode gha|to type=gha.*): GitHub.* not set$") as caught:
        read_caches(variables, caches).check()
    said = caught.value.message
    assert ("ACTIONS_RUNTIME_TOKEN" in said) == ("ACTIONS_RUNTIME_TOKEN" not in variables)
    assert ("ACTIONS_RESULTS_URL or ACTIONS_CACHE_URL" in said) == ("ACTIONS_CACHE_URL" not in variables)
    assert "ghaction-github-runtime" in caught.value.hint


@pytest.mark.parametrize("caches", UNREACHED)
@pytest.mark.parametrize("address", ["ACTIONS_CACHE_URL", "ACTIONS_RESULTS_URL"])
def test_in_github_actions(caches: Caches, address: str) -> None:
    read_caches({"ACTIONS_RUNTIME_TOKEN": "secret", address: "https://cache.example.org/"}, caches).check()


@pytest.mark.parametrize(
    "target", ["type=gha,token=x,url=http://x", "type=local,dest=type=gha", '"type=local","dest=a,type=gha"', "gha"]
)
def test_what_needs_no_github(target: str) -> None:
    Caches(targets=(target,)).check()


def test_a_source_that_is_not_reached_is_none() -> None:
    Caches(sources=("type=gha,scope=x",)).check()


@pytest.mark.parametrize("target", ["type=inline", "type=inline,mode=max", '"type=inline"'])
def test_inline(target: str) -> None:
    with pytest.raises(UsageError, match="part of an image"):
        Caches(targets=("user/app:cache", target)).check()


def test_beside_the_image() -> None:
    source, target = describe("registry", repository="r.example.org:5000/a/b", scope="p.b", variant="dev-arm64")
    assert source == "type=registry,ref=r.example.org:5000/a/b:cargo-stow-cache-p.b-dev-arm64"
    assert target == f"{source},mode=max,image-manifest=true,oci-mediatypes=true"


def test_a_tag_is_one_whatever_the_names() -> None:
    def tag(scope: str, variant: str = "release-amd64") -> str:
        return describe("registry", repository="r", scope=scope, variant=variant)[0].partition("ref=r:")[2]

    assert tag("p.a") != tag("p.b")
    assert tag("p.odd one/ü") == "cargo-stow-cache-p.odd-one---release-amd64"
    for long in (tag("p" * 300), tag("p", "v" * 300), tag("p" * 300, "v" * 300)):
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", long)
    assert tag("p" * 300).endswith("-release-amd64")
    assert len(tag("p" * 300)) == 128


def test_descriptions_with_blanks_in_a_variable() -> None:
    quoted = 'type=local,"dest=/my caches/a ""b"""'
    found = read_caches({"CARGO_STOW_CACHE_TO": f'user/app:c  "type=local",dest=/x\n{quoted}'}, Caches())
    assert found.targets == ("user/app:c", '"type=local",dest=/x', quoted)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", '"type=local', '"a"b', "", "  "])
@pytest.mark.parametrize("origin", ["--cache-to", "--cache-from"])
def test_what_is_no_description(text: str, origin: str) -> None:
    caches = Caches(targets=(text,)) if origin == "--cache-to" else Caches(sources=(text,))
    with pytest.raises(UsageError, match=rf"^{origin} .*(is no cache|is empty)") as caught:
        caches.check()
    assert "docker buildx build" in caught.value.hint


@pytest.mark.parametrize("text", ['"a"b,"c"d', 'type=s3,"x', '"type=local,dest=a b'])
def test_a_variable_is_named_that_holds_no_description(text: str) -> None:
    with pytest.raises(UsageError, match=r"^the variable CARGO_STOW_CACHE_TO '.*' is no cache"):
        read_caches({"CARGO_STOW_CACHE_TO": text}, Caches()).check()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user/app:cache", "user/app:cache"),
        ("type=s3,bucket=b,secret_access_key=hunter2,name=n", "type=s3,bucket=b,name=n"),
        ('type=s3,"secret_access_key=hunter2,hunter2",bucket=b', "type=s3,bucket=b"),
        ("type=gha,token=hunter2", "type=gha"),
        ("type=registry,ref=https://me:hunter2@h/a", "type=registry,ref=https://me:***@h/a"),
        ("token=hunter2", "(not shown)"),
        ('"token=hunter2\nx', "(not shown)"),
    ],
)
def test_what_is_shown_of_a_description(text: str, expected: str) -> None:
    assert shown(text) == expected


REMOTE = [Caches(mode="registry"), Caches(mode="gha"), Caches(targets=("user/app:c",)), Caches(targets=("type=s3",))]


@pytest.mark.parametrize("caches", REMOTE)
def test_offline_nothing_is_kept_elsewhere(caches: Caches) -> None:
    with pytest.raises(UsageError, match=r"^--cache-(mode|to) .* on another machine, which --offline"):
        caches.check(offline=True)


HERE = [Caches(mode="local"), Caches(targets=("type=local,dest=x",)), Caches(sources=("a",))]


@pytest.mark.parametrize("caches", HERE)
def test_what_is_on_this_machine_stays(caches: Caches) -> None:
    caches.check(offline=True)


def test_in_github() -> None:
    source, target = describe("gha", repository="r.example.org/a", scope="p.b", variant="release-amd64")
    assert (source, target) == (
        "type=gha,scope=cargo-stow-p.b-release-amd64",
        "type=gha,scope=cargo-stow-p.b-release-amd64,mode=max",
    )

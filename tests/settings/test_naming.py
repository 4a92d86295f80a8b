"""References and tags with placeholders, and the labels that an image has without being told to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cargo_stow.errors import UsageError
from cargo_stow.model import Git
from cargo_stow.planner.config import make_config
from cargo_stow.settings.labels import make_source
from tests.crates import BASE as PINNED
from tests.crates import ROOT, make_package, settings_of
from tests.settings.kinds import EXECUTABLES

BASE = {"base_image": "debian:12"}
GIT = Git(
    sha="0123456789abcdef" * 2 + "01234567", branch="feature/Ümlaut_X", tag="v1.0+2", remote="git@example.org:a/b.git"
)
PREFIX = "org.opencontainers.image"


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("reg.example.org:5000/team/{package}:{version}", "reg.example.org:5000/team/greeter:0.1.0"),
        ("a", "a"),
        ("{package}-{bin}/x", "greeter-greeter/x"),
        ("a/{git.branch}:{git.branch}", "a/feature-mlaut-x:feature--mlaut_X"),
        ("a:{git.tag}", "a:v1.0-2"),
        ("a:{git.sha}", f"a:{GIT.sha}"),
        ("a:{profile}-x", "a:release-x"),
        ("a/{version}", "a/0-1-0"),
    ],
)
def test_targets(template: str, found: str) -> None:
    assert str(settings_of({**BASE, "target_image": template}, git=GIT).target_image) == found


@pytest.mark.parametrize(
    ("name", "tag", "component"),
    [
        ("-x", "x", "x"),
        ("...", "x", "x"),
        ("é", "x", "x"),
        ("a//b", "a--b", "a-b"),
        ("A__B", "A__B", "a-b"),
        ("a b\n$(id)", "a-b---id-", "a-b-id"),
        ("x" * 300, "x" * 128, None),
        ("\u0130", "x", "i"),
    ],
)
def test_any_branch_fits_where_it_stands(name: str, tag: str, component: str | None) -> None:
    git = replace(GIT, branch=name)
    assert settings_of({**BASE, "tags": ["{git.branch}"]}, git=git).tags == (tag,)
    if component is None:
        with pytest.raises(UsageError, match="longer than 255"):
            settings_of({**BASE, "target_image": "a/{git.branch}"}, git=git)
    else:
        found = settings_of({**BASE, "target_image": "a/{git.branch}"}, git=git).target_image
        assert str(found) == f"a/{component}"


@pytest.mark.parametrize("template", ["{git.branch}/web:1", "{git.branch}/a/b"])
def test_no_branch_makes_another_registry(template: str) -> None:
    with pytest.raises(UsageError, match="'localhost' would be a registry there") as caught:
        settings_of({**BASE, "target_image": template}, git=replace(GIT, branch="localhost"))
    assert "target_image" in str(caught.value)
    assert str(settings_of({**BASE, "target_image": template}, git=GIT).target_image).startswith("feature-mlaut-x/")


def test_what_is_not_there_is_an_error_in_a_target_and_left_out_of_tags() -> None:
    git = replace(GIT, tag=None)
    with pytest.raises(UsageError, match=r"target_image: 'a:\{git\.tag\}': nothing stands for \{git\.tag\}") as caught:
        settings_of({**BASE, "target_image": "a:{git.tag}"}, git=git)
    assert "git tag" in caught.value.hint
    assert settings_of({**BASE, "tags": ["{git.tag}", "{version}"]}, git=git).tags == ("0.1.0",)
    with pytest.raises(UsageError, match="tags: nothing stands here for the placeholders of any tag"):
        settings_of({**BASE, "tags": ["{git.tag}"]}, git=None)
    assert settings_of({**BASE, "target_image": "a:1", "tags": ["{git.tag}"]}, git=None).tags == ()


def test_tags_are_taken_once() -> None:
    assert settings_of({**BASE, "tags": ["1", "{version}", "0.1.0", "1"]}).tags == ("1", "0.1.0")


@pytest.mark.parametrize(
    ("template", "is_split"), [("a/{bin}", True), ("a:{bin}", True), ("a/{package}", False), (None, False)]
)
def test_an_image_for_each_executable(template: str | None, is_split: bool) -> None:
    container = {**BASE, "bins": True, **({"target_image": template} if template else {})}
    package = make_package(bins=EXECUTABLES, container=container)
    assert settings_of(package=package).is_split is is_split


def labels_of(container: dict[str, object] | None = None, git: Git | None = GIT, **fields: str) -> dict[str, str]:
    package = replace(make_package(container={**BASE, **(container or {})}), **fields)  # type: ignore[arg-type]
    labels = make_config(settings_of(package=package, git=git), PINNED).labels
    return {name.removeprefix(f"{PREFIX}."): value for name, value in labels}


def test_default_labels() -> None:
    assert labels_of(description=" two\n lines ", license="MIT", repository="https://example.org/r") == {
        "title": "greeter",
        "description": "two lines",
        "version": "0.1.0",
        "licenses": "MIT",
        "source": "https://example.org/r",
        "revision": GIT.sha,
        "base.name": "docker.io/library/debian:12",
        "base.digest": PINNED.digest,
    }
    assert labels_of()["source"] == "https://example.org/a/b"
    assert labels_of(git=replace(GIT, is_dirty=True))["revision"] == f"{GIT.sha}-dirty"
    assert not {"revision", "source", "description", "licenses"} & labels_of(git=None).keys()


@pytest.mark.parametrize(
    "name", ["title", "description", "version", "licenses", "source", "revision", "base.name", "base.digest"]
)
@pytest.mark.parametrize("layer", ["package", "workspace", "flag"])
def test_each_default_label_has_an_opt_out(name: str, layer: str) -> None:
    off: dict[str, object] = {"labels": {f"{PREFIX}.{name}": False}}
    package = replace(
        make_package(container=BASE | (off if layer == "package" else {})), description="x", license="MIT"
    )
    found = settings_of(
        package=package,
        git=GIT,
        workspace=off if layer == "workspace" else {},
        flags=off if layer == "flag" else {},
    )
    assert f"{PREFIX}.{name}" not in dict(make_config(found, PINNED).labels)
    assert len(make_config(found, PINNED).labels) == 7


def test_a_default_label_can_be_another_one() -> None:
    assert labels_of({"labels": {f"{PREFIX}.title": "Mine", f"{PREFIX}.base.digest": "x"}})["title"] == "Mine"
    found = settings_of({**BASE, "labels": {f"{PREFIX}.title": "Mine"}})
    assert found.origins[f"labels.{PREFIX}.title"].endswith("[package.metadata.container] labels")
    assert settings_of(BASE).origins[f"labels.{PREFIX}.title"] == f"default, from {ROOT}/Cargo.toml [package] name"


@pytest.mark.parametrize("text", ["a\x1b[2J", "a\0", "\udcff", "x" * 8_001, "\x85\x7f"])
def test_what_no_label_can_hold_is_left_out(text: str) -> None:
    assert "description" not in labels_of(description=text)


@pytest.mark.parametrize(
    ("remote", "source"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b"),
        ("https://me:secret@example.org/a/b.git", "https://example.org/a/b"),
        ("https://token@example.org:8443/a?access_token=secret#secret", "https://example.org:8443/a"),
        ("http://example.org/a", "http://example.org/a"),
        ("ssh://git@example.org:2222/a/b.git", "https://example.org/a/b"),
        ("git+ssh://git@example.org/a", "https://example.org/a"),
        ("git://example.org/a.git", "https://example.org/a"),
        ("git@example.org:a/b.git", "https://example.org/a/b"),
        ("example.org:/a/b.git", "https://example.org/a/b"),
        ("https://me:secret@[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443/a"),
        ("me:secret@example.org:a/b", None),
        ("ext::ssh me:secret@example.org", None),
        ("codecommit::eu-west-1://me:secret@a", None),
        ("/srv/git/a.git", None),
        ("../a", None),
        ("file:///srv/a", None),
        ("https://me:secret", None),
        ("https://me:se/cret@example.org/a", None),
        ("https://[::1", None),
        ("https://", None),
        ("", None),
    ],
)
def test_the_source_of_a_remote(remote: str, source: str | None) -> None:
    assert make_source(remote) == source


@pytest.mark.parametrize("repository", ["https://me:secret@example.org/a.git", "ssh://git:secret@example.org/a"])
def test_no_password_of_a_manifest_is_in_a_label(repository: str) -> None:
    assert labels_of(repository=repository)["source"] == "https://example.org/a"

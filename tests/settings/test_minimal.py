"""What an image without a distribution cannot have, and what it says of where programs are."""

from __future__ import annotations

import pytest

from cargo_stow.errors import UsageError
from tests.crates import ROOT, make_package, make_workspace, plan_of, settings_of

BASE = {"base_image": "debian:12", "minimal": True}
UNFIT = [
    ({"healthcheck": "curl localhost"}, "healthcheck", "a line for a shell", "an array of words"),
    ({"healthcheck": {"command": "curl localhost"}}, "healthcheck", "a line for a shell", "an array of words"),
    ({"env": {"HOME": "$HOME/x"}}, "env", r"\$HOME, a variable of the base", "its value"),
    ({"assets": [{"source": "a", "target": "/a", "owner": "app"}]}, "assets", "app's, a user of the base", "root"),
    ({"assets": [{"source": "a", "target": "/a", "owner": "root:adm"}]}, "assets", "root:adm's, a user", "root"),
    ({"assets": [{"source": "a", "target": "/a", "owner": "0:7"}]}, "assets", "0:7's, a user", "root"),
]
FIT = [
    {"healthcheck": ["/usr/bin/greeter", "--check"]},
    {"healthcheck": False},
    {"healthcheck": "curl localhost", "runtime_deps": ["curl", "dash"]},
    {"env": {"PATH": "/opt:$PATH", "PRICE": "$$5"}},
    {"assets": ["a:/a", {"source": "b", "target": "/b", "owner": "root"}]},
    {"user": "www-data"},
]


@pytest.mark.parametrize(("given", "key", "what", "instead"), UNFIT)
def test_unfit(given: dict[str, object], key: str, what: str, instead: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        settings_of({**BASE, **given})
    assert f"{ROOT}/Cargo.toml [package.metadata.container] {key}" in caught.value.message
    assert "`minimal`" in caught.value.message
    assert instead in caught.value.hint
    assert settings_of({**BASE, **given, "minimal": False}).minimal is False


@pytest.mark.parametrize("given", FIT)
def test_fit(given: dict[str, object]) -> None:
    assert settings_of({**BASE, **given}).minimal


@pytest.mark.parametrize(
    ("given", "path"),
    [({}, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ({"PATH": "/x"}, "/x")],
)
def test_no_base_says_where_programs_are(given: dict[str, str], path: str) -> None:
    package = make_package(container={**BASE, "env": {**given, "A": "1"}})
    assert plan_of(make_workspace(package)).config.env == (("A", ("1",)), ("PATH", (path,)))


def test_the_image_has_files_of_the_base_alone() -> None:
    plan = plan_of(make_workspace(make_package(container=BASE)))
    assert [(stage.name, stage.parent) for stage in plan.stages][-3:] == [
        ("whole", "base"), ("minimal", "base"), ("runtime", "scratch"),
    ]  # fmt: skip

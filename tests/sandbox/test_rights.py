"""What a user may, and what is said to one who may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cargo_stow.errors import RuntimeFailedError, ToolMissingError
from cargo_stow.sandbox import isolation, rights
from cargo_stow.sandbox.rights import AS_WE_ARE, Rights, Span, find_rights, make_map, ranges_of, read_ids
from tests.sandbox.mappers import install_mappers, make_rights
from tests.sandbox.test_isolation import isolated

UID, GID = 4242, 4343
ENOUGH = "other:100000:65536\nsomebody:165536:65536\n"


def test_ones_own_id_is_root_there() -> None:
    spans = (
        Span(inside=0, outside=7, count=1),
        Span(inside=1, outside=100, count=5),
        Span(inside=6, outside=300, count=2),
    )
    assert make_map(7, [(100, 5), (300, 2)]) == spans


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", []),
        ("me:1:2\nyou:3:4\nme:5:6\n", [(1, 2), (5, 6)]),
        ("me:1:2\nme:1:2\n", [(1, 2)]),
        (f"{os.getuid()}:1:2\n", [(1, 2)]),
        ("# me:1:2\nme\nme:1\nme:1:2:3\nme:x:2\nme:-1:2\nme:1:\nme :1:2\n\n", []),
        ("me:1:٣\n", []),
    ],
    ids=["none", "several", "twice", "by-number", "not-so", "not-ascii"],
)
def test_what_a_file_gives(text: str, ranges: list[tuple[int, int]]) -> None:
    assert ranges_of(text, "me") == ranges


class TestAsAUser:
    @pytest.fixture
    def environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        """A user whom the machine calls somebody."""
        for name, value in (("geteuid", UID), ("getuid", UID), ("getgid", GID)):
            monkeypatch.setattr(os, name, lambda value=value: value)
        monkeypatch.setattr(rights, "_name", {UID: "somebody"}.__getitem__)
        self.give(tmp_path, monkeypatch, ENOUGH, ENOUGH)
        return {"PATH": str(install_mappers(tmp_path / "mappers"))}

    def give(self, directory: Path, monkeypatch: pytest.MonkeyPatch, users: str | None, groups: str | None) -> None:
        for name, text in (("USERS", users), ("GROUPS", groups)):
            monkeypatch.setattr(rights, name, directory / name)
            (directory / name).unlink(missing_ok=True)
            if text is not None:
                (directory / name).write_text(text)

    def test_with_all_it_takes(self, environment: dict[str, str]) -> None:
        others = Span(inside=1, outside=165536, count=65536)
        assert find_rights(environment) == Rights(
            users=(Span(inside=0, outside=UID, count=1), others),
            groups=(Span(inside=0, outside=GID, count=1), others),
            is_confined=True,
        )

    @pytest.mark.parametrize("name", ["newuidmap", "newgidmap"])
    def test_without_a_program(self, environment: dict[str, str], name: str) -> None:
        (Path(environment["PATH"]) / name).unlink()
        with pytest.raises(ToolMissingError, match=f"`{name}` is not installed") as caught:
            find_rights(environment)
        assert "`uidmap`" in caught.value.hint

    @pytest.mark.parametrize(
        ("users", "groups", "message"),
        [
            (None, ENOUGH, r"somebody has no ids in .*/USERS, .* needs 65535"),
            (ENOUGH, "", r"no ids in .*/GROUPS"),
            (ENOUGH, "somebody:1:65534\n", r"65534 ids in .*/GROUPS"),
        ],
        ids=["none", "no-groups", "too-few"],
    )
    def test_without_ids(  # noqa: PLR0917 - a table
        self,
        environment: dict[str, str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        users: str | None,
        groups: str | None,
        message: str,
    ) -> None:
        self.give(tmp_path, monkeypatch, users, groups)
        with pytest.raises(RuntimeFailedError, match=message) as caught:
            find_rights(environment)
        wanted = "231072-296607"  # Where others' end.
        assert f"`usermod --add-subuids {wanted} --add-subgids {wanted} somebody`" in caught.value.hint

    def test_several_ranges_count_together(
        self, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.give(tmp_path, monkeypatch, ENOUGH, "somebody:1000000:60000\nsomebody:2000000:5535\n")
        assert [each.inside for each in find_rights(environment).groups] == [0, 1, 60001]


@isolated
class TestAsRoot:
    def test_of_the_machine(self) -> None:
        assert find_rights({}) == AS_WE_ARE

    def test_of_a_user_namespace(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{install_mappers(tmp_path / 'mappers')}:{os.environ['PATH']}")
        assert isolation.call(find_rights, {}, rights=make_rights()) == Rights(is_confined=True)
        assert isolation.call(read_ids, rights=make_rights()) == "\n".join(["0 0 1 1 200000 65536"] * 2)

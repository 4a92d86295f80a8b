"""The configuration of an image against the rules of a Dockerfile's instructions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cargo_stow.backends.youki.image_config import environment_of, make_config
from cargo_stow.backends.youki.rootfs import DEFAULT_PATH
from cargo_stow.image_values import Healthcheck, Variable
from cargo_stow.plan import ImageConfig

LEAST = ImageConfig(user="1:1", entrypoint=("/usr/bin/hello",))
SECOND = 10**9


def made(base: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    return make_config(base or {}, replace(LEAST, **facts))


def test_nothing_is_there_that_nobody_set() -> None:
    assert made() == {"User": "1:1", "Entrypoint": ["/usr/bin/hello"]}


def test_what_the_base_says_stays() -> None:
    base = {
        "Env": ["A=1"],
        "Labels": {"a": "1"},
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data": {}},
        "WorkingDir": "/srv",
        "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "true"]},
    }
    assert made(base) == {**base, "User": "1:1", "Entrypoint": ["/usr/bin/hello"]}


def test_how_the_base_was_run_goes() -> None:
    base = {"User": "0", "Entrypoint": ["sh"], "Cmd": ["-l"], "OnBuild": ["RUN x"], "Image": "sha256:1", "Env": None}
    assert made(base) == made()


def test_what_the_plan_sets_takes_its_place() -> None:
    base = {"Cmd": ["x"], "WorkingDir": "/old", "StopSignal": "SIGINT"}
    found = made(base, cmd=("--serve",), workdir="/new", stop_signal="SIGTERM")
    assert (found["Cmd"], found["WorkingDir"], found["StopSignal"]) == (["--serve"], "/new", "SIGTERM")


class TestEnvironment:
    def test_joined_by_name_in_the_order_of_the_base(self) -> None:
        found = made({"Env": ["A=1", "B=2=3"]}, env=(("C", ("4",)), ("A", ("5",))))
        assert found["Env"] == ["A=5", "B=2=3", "C=4"]

    def test_a_variable_is_what_the_base_sets(self) -> None:
        """As in one `ENV`, where no reference means what stands beside it."""
        env = (("A", ("new",)), ("B", ("<", Variable("A"), Variable("NONE"), ">")))
        assert made({"Env": ["A=old"]}, env=env)["Env"] == ["A=new", "B=<old>"]

    def test_the_path_of_a_base_without_one(self) -> None:
        """With nothing for it, the working directory would be in the new one."""
        assert made(env=(("PATH", ("/x:", Variable("PATH"))),))["Env"] == [f"PATH=/x:{DEFAULT_PATH}"]

    def test_an_empty_value(self) -> None:
        assert made(env=(("A", ()),))["Env"] == ["A="]

    @pytest.mark.parametrize(("texts", "found"), [(None, {}), (["A=b=c", "D"], {"A": "b=c", "D": ""}), ("A=b", {})])
    def test_read(self, texts: object, found: dict[str, str]) -> None:
        assert environment_of({"Env": texts}) == found


def test_labels_are_joined() -> None:
    found = made({"Labels": {"a": "1", "b": "1"}}, labels=(("b", "2"), ("c", "2")))
    assert found["Labels"] == {"a": "1", "b": "2", "c": "2"}


def test_ports_and_volumes_are_added() -> None:
    base: dict[str, Any] = {"ExposedPorts": {"80/tcp": {}}, "Volumes": {"/a": {}}}
    found = made(base, ports=("8080", "53/udp"), volumes=("/b",))
    assert found["ExposedPorts"] == {"80/tcp": {}, "8080/tcp": {}, "53/udp": {}}
    assert found["Volumes"] == {"/a": {}, "/b": {}}


def test_the_base_is_left_as_it_is() -> None:
    base = {"Env": ["A=1"], "Labels": {"a": "1"}, "ExposedPorts": {}, "Cmd": ["x"]}
    made(base, labels=(("b", "2"),), env=(("A", ("2",)),), ports=("80",))
    assert base == {"Env": ["A=1"], "Labels": {"a": "1"}, "ExposedPorts": {}, "Cmd": ["x"]}


class TestHealthcheck:
    def test_in_the_place_of_the_base_s(self) -> None:
        base = {"Healthcheck": {"Test": ["CMD", "old"], "Interval": SECOND}}
        found = made(base, healthcheck=Healthcheck(command=("true", "x")))
        assert found["Healthcheck"] == {"Test": ["CMD", "true", "x"]}

    def test_none(self) -> None:
        assert made(healthcheck=Healthcheck(command=()))["Healthcheck"] == {"Test": ["NONE"]}

    def test_its_numbers(self) -> None:
        check = Healthcheck(command=("x",), interval="1m30s", timeout="2s", start_period="1h", retries=3)
        found = made(healthcheck=check)["Healthcheck"]
        numbers = {"Interval": 90 * SECOND, "Timeout": 2 * SECOND, "StartPeriod": 3600 * SECOND, "Retries": 3}
        assert found == {"Test": ["CMD", "x"], **numbers}

    @pytest.mark.parametrize(
        ("text", "number"),
        [("1ms", 10**6), ("1.5s", 1_500_000_000), (".5m", 30 * SECOND), ("1us", 1000), ("1µs", 1000), ("7ns", 7)],
    )
    def test_durations(self, text: str, number: int) -> None:
        assert made(healthcheck=Healthcheck(command=("x",), interval=text))["Healthcheck"]["Interval"] == number

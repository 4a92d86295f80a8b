from __future__ import annotations

import pytest

from cargo_stow.oci.registry.challenge import Challenge, parse_challenges

BEARER = Challenge(scheme="bearer", realm="https://a/token", service="reg", scopes=("repository:x:pull,push",))


@pytest.mark.parametrize(
    "header",
    [
        'Bearer realm="https://a/token",service="reg",scope="repository:x:pull,push"',
        'bearer scope="repository:x:pull,push" , service=reg,  realm="https://a/token"',
        'BEARER Realm="https://a/token", SERVICE="reg", Scope = "repository:x:pull,push", error="invalid_token"',
    ],
)
def test_order_case_and_quotes_do_not_matter(header: str) -> None:
    assert parse_challenges(header) == (BEARER,)


def test_several_challenges_in_one_header() -> None:
    found = parse_challenges('Negotiate, Basic realm="x, y", Bearer realm="https://a/token",service="reg"')
    assert [one.scheme for one in found] == ["negotiate", "basic", "bearer"]
    assert [one.realm for one in found] == ["", "x, y", "https://a/token"]


@pytest.mark.parametrize("header", ["", ",,,", '"', "=", 'realm="x"'])
def test_nonsense_is_no_challenge(header: str) -> None:
    assert parse_challenges(header) == ()


def test_an_escaped_quote() -> None:
    assert parse_challenges(r'Basic realm="a \"b\""')[0].realm == 'a "b"'

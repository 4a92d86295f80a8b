"""What is not public reaches a build: registries that want a token, git servers, proxies, authorities of one's own.

Each server refuses whoever has not what it wants. And nothing of that is left: in no layer, no history, no cache of the
engine, no file below the crate, no output.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from integration.driver.marks import newer_engine_only, own_engine_only
from integration.driver.private_ca import make_authority
from integration.driver.private_crate import Asker, write_asker, write_files
from integration.driver.private_git import http_server, make_repository, ssh_agent, ssh_server
from integration.driver.private_leaks import check_for_leaks, find_in_files, spellings
from integration.driver.private_proxy import proxying
from integration.driver.private_registry import CrateRegistry, crate_registry
from integration.driver.private_server import gateway
from integration.driver.running import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from integration.driver.engine import Engine
    from integration.driver.leaks import Ledger

    Ask = Callable[..., Asker]

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
NAME = "own-crates"
HOST = "crates.stow.invalid"
ONE_TRY = {"CARGO_NET_RETRY": "0"}
WAITS = "Blocking waiting for file lock on package cache"


@pytest.fixture(scope="session")
def address(own_engine: Engine) -> str:
    return gateway(own_engine)


@pytest.fixture
def secret() -> str:
    return f"Stow-Secret-{secrets.token_hex(12)}"


@pytest.fixture
def library() -> str:
    """A library that no cargo of the engines has fetched before."""
    return f"quiet_{secrets.token_hex(4)}"


@pytest.fixture
def ask(engine: Engine, tmp_path: Path, ledger: Ledger) -> Iterator[Ask]:
    """Write crates on an engine; what their builds made there is removed afterwards."""
    made: list[Asker] = []

    def make(library: str, dependency: str, entry: str, **more: str) -> Asker:
        scratch = tmp_path / f"{len(made)}"
        scratch.mkdir()
        made.append(write_asker(engine, scratch, library, dependency, entry, **more))
        return made[-1]

    yield make
    for asker in made:
        ledger.add(asker.stow)
        asker.stow.clean()


def of_registry(ask: Ask, library: str, registry: CrateRegistry) -> Asker:
    """A crate whose library is in a registry that the user's configuration names."""
    asker = ask(library, f'{{ version = "1", registry = "{NAME}" }}', registry.entry(library))
    asker.configure(f'[registries.{NAME}]\nindex = "{registry.index}"\n')
    return asker


@newer_engine_only
def test_a_registry_that_wants_a_token(ask: Ask, address: str, library: str, secret: str) -> None:
    """Refused without it, built with it. What is exported for other machines does not hold it either."""
    with crate_registry(address, secret, library) as registry:
        asker = of_registry(ask, library, registry)
        refused = asker.stow("build", code=5)
        assert f"no token found for `{NAME}`" in refused.err
        assert registry.refused
        assert registry.answered == []
        asker.log_in(NAME, secret)
        cache = asker.stow.scratch / "cache"
        keeps = asker.stow.engine.name == "newer"  # the other one exports no cache
        options = ["--cache-to", f"type=local,dest={cache},mode=max"] if keeps else []
        built = asker.stow("build", *options)
        assert asker.says(built.image) == f"it says {library}"
        assert any("/dl/" in path for path in registry.answered)
    check_for_leaks(asker.stow, asker.package, built.image, [refused, built], secret)
    if keeps:
        assert find_in_files(cache, [library.encode()])
        assert find_in_files(cache, spellings(secret)) == []


@newer_engine_only
def test_a_crate_in_a_home(ask: Ask, address: str, library: str, secret: str) -> None:
    """A path dependency beside the crate makes the user's home the root of what is sent; its configuration is not."""
    with crate_registry(address, secret, library) as registry:
        asker = of_registry(ask, library, registry)
        home = asker.stow.root.parent
        asker.stow.environment |= {"CARGO_HOME": str(home / ".cargo"), "HOME": str(home)}
        add_neighbour(asker)
        token = f'[registries.{NAME}]\nindex = "{registry.index}"\ntoken = "{secret}"\n'
        write_files(home, {".cargo/config.toml": token})
        built = asker.stow("build")
        assert asker.says(built.image) == f"it says {library}"
    check_for_leaks(asker.stow, asker.package, built.image, [built], secret, context=home)


def add_neighbour(asker: Asker) -> None:
    """Give the crate a path dependency beside it."""
    manifest = '[package]\nname = "neighbour"\nversion = "1.0.0"\nedition = "2021"\n'
    write_files(asker.stow.root.parent, {"neighbour/Cargo.toml": manifest, "neighbour/src/lib.rs": ""})
    asker.stow.edit("Cargo.toml", "[dependencies]\n", '[dependencies]\nneighbour = { path = "../neighbour" }\n')
    asker.stow.edit("Cargo.lock", "dependencies = [\n", 'dependencies = [\n "neighbour",\n')
    entry = '\n[[package]]\nname = "neighbour"\nversion = "1.0.0"\n'
    (asker.stow.root / "Cargo.lock").write_text((asker.stow.root / "Cargo.lock").read_text() + entry)


@newer_engine_only
def test_a_token_in_the_projects_own_configuration(ask: Ask, address: str, library: str, secret: str) -> None:
    """It is in no layer, no cache and no export; and what it says counts."""
    with crate_registry(address, secret, library) as registry:
        asker = of_registry(ask, library, registry)
        config = asker.stow.root / ".cargo/config.toml"
        text = f'[registries.{NAME}]\nindex = "{registry.index}"\ntoken = "{secret}"\n'
        write_files(asker.stow.root, {".cargo/config.toml": text})
        cache = asker.stow.scratch / "cache"
        keeps = asker.stow.engine.name == "newer"  # the other one exports no cache
        built = asker.stow("build", *([f"--cache-to=type=local,dest={cache},mode=max"] if keeps else []))
        assert asker.says(built.image) == f"it says {library}"
        check_for_leaks(asker.stow, asker.package, built.image, [built], secret, holders=[config])
        assert not keeps or find_in_files(cache, spellings(secret)) == []
        config.write_text(f"{text}[build]\nrustflags = ['--cfg=another']\n")
        asker.stow.edit("src/main.rs", 'println!("it says {}",', 'println!("it {}says {}", WORD,')
        asker.stow.edit(
            "src/main.rs", "fn main", 'const WORD: &str = if cfg!(another) { "now " } else { "" };\nfn main'
        )
        again = asker.stow("build")
        assert asker.says(again.image) == f"it now says {library}"
        config.write_text(f"{text}# nothing\n")
        assert asker.says(asker.stow("build").image) == f"it says {library}"


@newer_engine_only
@pytest.mark.parametrize("name", [".cargo", "ci/home"])
def test_a_home_of_cargo_in_the_package(ask: Ask, address: str, library: str, secret: str, name: str) -> None:
    """As CI jobs have it that cache what is in their own directory only: what `cargo login` wrote is not sent."""
    with crate_registry(address, secret, library) as registry:
        asker = of_registry(ask, library, registry)
        asker.cargo_home = asker.stow.root / name
        write_files(asker.cargo_home, {"config.toml": f'[registries.{NAME}]\nindex = "{registry.index}"\n'})
        asker.log_in(NAME, secret)
        asker.stow.environment["CARGO_HOME"] = str(asker.cargo_home)
        built = asker.stow("build")
        assert asker.says(built.image) == f"it says {library}"
        holders = [asker.cargo_home / "credentials.toml"]
    check_for_leaks(asker.stow, asker.package, built.image, [built], secret, holders=holders)


@own_engine_only
def test_a_plain_docker_build(ask: Ask, address: str, library: str, secret: str) -> None:
    """The committed Dockerfile builds with the same files, handed in by hand."""
    with crate_registry(address, secret, library) as registry:
        asker = of_registry(ask, library, registry)
        asker.stow("dockerfile")
        config, credentials = asker.cargo_home / "config.toml", asker.cargo_home / "credentials.toml"
        asker.configure(config.read_text() + '[registry]\nglobal-credential-providers = ["cargo:token"]\n')
        argv = ["docker", "build", ".", "--tag", asker.stow.image("plain")]
        argv += ["--secret", f"id=cargo-stow-config,src={config}"]
        refused = asker.stow.run(argv, env={"DOCKER_BUILDKIT": "1"}, code=1)
        assert f"no token found for `{NAME}`" in refused.err
        asker.log_in(NAME, secret)
        argv += ["--secret", f"id=cargo-stow-credentials,src={credentials}"]
        asker.stow.run(argv, env={"DOCKER_BUILDKIT": "1"})
        assert asker.says(asker.stow.image("plain")) == f"it says {library}"


@own_engine_only
def test_a_mirror_of_the_public_registry_and_a_token_in_a_variable(
    ask: Ask, address: str, library: str, secret: str
) -> None:
    with crate_registry(address, secret, library) as registry:
        asker = ask(library, '"1"', registry.entry(library, CRATES_IO))
        asker.configure(
            f'[source.crates-io]\nreplace-with = "our_mirror"\n[source.our_mirror]\nregistry = "{registry.index}"\n'
            f'[registries.our_mirror]\nindex = "{registry.index}"\n'
        )
        (asker.cargo_home / "credentials.toml").write_text('[registry]\ntoken = "for-publishing-alone"\n')
        built = asker.stow("build", env={"CARGO_REGISTRIES_OUR_MIRROR_TOKEN": secret})
        assert asker.says(built.image) == f"it says {library}"
    check_for_leaks(asker.stow, asker.package, built.image, [built], secret, "for-publishing-alone")


@own_engine_only
def test_offline_with_what_was_fetched(ask: Ask, address: str, library: str, secret: str) -> None:
    with crate_registry(address, secret, library) as registry:
        asker = of_registry(ask, library, registry)
        asker.log_in(NAME, secret)
        asker.stow("build")
        asked = (len(registry.answered), len(registry.refused))
        asker.stow.edit("src/main.rs", "it says", "it still says")
        built = asker.stow("build", "--offline")
        assert asker.says(built.image) == f"it still says {library}"
        other = of_registry(ask, f"{library}_too", registry_of(registry, f"{library}_too"))
        refused = other.stow("build", "--offline", code=5)
        assert "offline" in refused.err
        assert (len(registry.answered), len(registry.refused)) == asked


def registry_of(registry: CrateRegistry, library: str) -> CrateRegistry:
    """The same registry, where there is another crate now."""
    registry.crates[library] = registry.crates[next(iter(registry.crates))]
    return registry


@own_engine_only
def test_a_proxy_that_wants_a_password(ask: Ask, address: str, library: str, secret: str) -> None:
    """The registry has a name that only the proxy knows."""
    with (
        proxying(address, "somebody", secret) as proxy,
        crate_registry(address, None, library, host=HOST) as registry,
    ):
        proxy.hosts[HOST] = (address, registry.port)
        asker = of_registry(ask, library, registry)
        wrong = asker.stow("build", code=5, env={**ONE_TRY, "http_proxy": proxy.url.replace(secret, "wrong")})
        assert "407" in wrong.err
        assert proxy.passed == []
        built = asker.stow("build", env={**ONE_TRY, "http_proxy": proxy.url})
        assert asker.says(built.image) == f"it says {library}"
        assert all(request.startswith(f"GET http://{HOST}/") for request in proxy.passed)
        assert len(proxy.passed) == len(registry.answered)


@own_engine_only
def test_an_authority_of_ones_own_behind_a_proxy(
    ask: Ask, address: str, library: str, secret: str, tmp_path: Path
) -> None:
    """Whoever does not know the authority sends no token."""
    authority = make_authority(tmp_path, f"DNS:{HOST}")
    password = secret[::-1]
    with (
        proxying(address, "somebody", password) as proxy,
        crate_registry(address, secret, library, host=HOST, tls=authority.tls) as registry,
    ):
        proxy.hosts[HOST] = (address, registry.port)
        asker = of_registry(ask, library, registry)
        asker.log_in(NAME, secret)
        environment = {**ONE_TRY, "HTTPS_PROXY": proxy.url}
        refused = asker.stow("build", code=5, env=environment)
        assert "SSL" in refused.err
        assert registry.refused == registry.answered == []
        built = asker.stow("build", env={**environment, "CARGO_HTTP_CAINFO": str(authority.bundle)})
        assert asker.says(built.image) == f"it says {library}"
        assert set(proxy.passed) == {f"CONNECT {HOST}:443"}
    check_for_leaks(asker.stow, asker.package, built.image, [refused, built], secret, password, authority.line)


@own_engine_only
def test_git_over_ssh_with_an_agent(own_engine: Engine, ask: Ask, library: str, tmp_path: Path) -> None:
    repository = make_repository(tmp_path, library)
    with ssh_agent(tmp_path) as agent, ssh_server(own_engine, repository, agent.public) as server:
        asker = ask(library, f'{{ git = "{server.url}" }}', repository.entry(server.url))
        unknown = asker.stow("build", code=5, env={"SSH_AUTH_SOCK": str(agent.socket)})
        assert "SSH host key" in unknown.err
        (asker.home / ".ssh").mkdir()
        (asker.home / ".ssh/known_hosts").write_text(server.known)
        refused = asker.stow("build", code=5, env={"SSH_AUTH_SOCK": None})
        assert "failed to authenticate" in refused.err
        built = asker.stow("build", env={"SSH_AUTH_SOCK": str(agent.socket)})
        assert asker.says(built.image) == f"it says {library}"
    check_for_leaks(asker.stow, asker.package, built.image, [refused, built], server.known.split()[2])


@own_engine_only
def test_git_over_http_with_a_password(ask: Ask, address: str, library: str, secret: str, tmp_path: Path) -> None:
    repository = make_repository(tmp_path, library)
    with http_server(address, repository, "somebody", secret) as server:
        asker = ask(library, f'{{ git = "{server.url}" }}', repository.entry(server.url), build_deps='"git"')
        asker.configure("[net]\ngit-fetch-with-cli = true\n")
        refused = asker.stow("build", code=5)
        assert "could not read Username" in refused.err
        assert server.answered == []
        (asker.home / ".netrc").write_text(f"machine {address}\nlogin somebody\npassword {secret}\n")
        built = asker.stow("build")
        assert asker.says(built.image) == f"it says {library}"
        assert server.answered
    check_for_leaks(asker.stow, asker.package, built.image, [refused, built], secret)


def test_two_crates_fetch_at_once(ask: Ask, address: str, library: str, secret: str) -> None:
    """Cargo's own lock holds across containers: while one downloads, the other waits, and both get what they need."""
    other = f"{library}_too"
    with crate_registry(address, secret, library, other) as registry:
        askers = [of_registry(ask, name, registry) for name in (library, other)]
        for asker in askers:
            asker.log_in(NAME, secret)
        running = [asker.stow.start("build") for asker in askers]
        registry.before_download = lambda: wait_until(
            lambda: any(WAITS in one.err for one in running) or None not in [one.process.poll() for one in running],
            "the other one waits",
        )
        for asker, one in zip(askers, running, strict=True):
            built = asker.stow.finish(one)
            assert asker.says(built.image) == f"it says {asker.library}"
        assert any(WAITS in one.err for one in running)

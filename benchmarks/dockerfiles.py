"""The Dockerfiles that people write by hand, and the images these start from. Pure.

The three differ in nothing but how they keep what was compiled. Each `FROM` names an image that was made before
anything is timed, as `lukemathwalker/cargo-chef` is for the readers of cargo-chef's README, after which `CHEF` is laid
out; the secret is the machine's bundle of certificate authorities, for the steps that download.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from benchmarks.inputs.input import BASE_IMAGE, BIN

if TYPE_CHECKING:
    from collections.abc import Iterable

TOOLCHAIN = "rust:1.95-slim"
PACKAGES = ("ca-certificates", "gcc", "libc6-dev")
SECRET = "bench-ca"
_CA = f"--mount=type=secret,id={SECRET},target=/etc/ssl/certs/ca-certificates.crt,mode=0444"
_RUNTIME = Template(f"""
FROM $runtime
COPY --from=builder $executable /usr/local/bin/{BIN}
ENTRYPOINT ["/usr/local/bin/{BIN}"]
""")

PLAIN = f"""\
FROM $builder AS builder
WORKDIR /app
COPY . .
RUN {_CA} \\
    cargo build --release --bin {BIN}
"""
CHEF = f"""\
FROM $chef AS chef
WORKDIR /app

FROM chef AS planner
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS builder
COPY --from=planner /app/recipe.json recipe.json
RUN {_CA} \\
    cargo chef cook --release --recipe-path recipe.json
COPY . .
RUN {_CA} \\
    cargo build --release --bin {BIN}
"""
# The target directory's mount is the package's own: one for all would have an earlier crate's dependencies in it.
MOUNTS = f"""\
FROM $builder AS builder
WORKDIR /app
COPY . .
RUN {_CA} \\
    --mount=type=cache,id=bench-registry,target=/usr/local/cargo/registry \\
    --mount=type=cache,id=bench-git,target=/usr/local/cargo/git \\
    --mount=type=cache,id=bench-target-$package,target=/app/target,sharing=locked \\
    cargo build --release --bin {BIN} && cp target/release/{BIN} /usr/local/bin/{BIN}
"""
_BUILT = {PLAIN: f"/app/target/release/{BIN}", CHEF: f"/app/target/release/{BIN}", MOUNTS: f"/usr/local/bin/{BIN}"}


def render(recipe: str, *, builder: str, chef: str, runtime: str, package: str) -> str:
    """Return PLAIN, CHEF or MOUNTS with its second stage, for a package and the images to start from."""
    body = Template(recipe).substitute(builder=builder, chef=chef, package=package)
    return body + _RUNTIME.substitute(runtime=runtime, executable=_BUILT[recipe])


def render_builder(packages: Iterable[str]) -> str:
    """Return the recipe of the image that compiles: base, packages, toolchain."""
    return f"""\
FROM {BASE_IMAGE}
{_install(packages)}
COPY --from={TOOLCHAIN} /usr/local/rustup /usr/local/rustup
COPY --from={TOOLCHAIN} /usr/local/cargo /usr/local/cargo
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""


def render_chef_binary(builder: str) -> str:
    return f"FROM {builder}\nRUN {_CA} \\\n    cargo install cargo-chef --locked --root /opt/chef\n"


def render_chef(builder: str, binary: str) -> str:
    """Return the recipe of a builder that also has cargo-chef, from the image `binary`."""
    return f"FROM {builder}\nCOPY --from={binary} /opt/chef/bin/cargo-chef /usr/local/cargo/bin/cargo-chef\n"


def render_runtime(packages: Iterable[str]) -> str:
    wanted = tuple(packages)
    return f"FROM {BASE_IMAGE}\n{_install(wanted) if wanted else ''}\n"


def _install(packages: Iterable[str]) -> str:
    wanted = " ".join(sorted(packages))
    return f"RUN apt-get update && apt-get install --yes --no-install-recommends {wanted}"

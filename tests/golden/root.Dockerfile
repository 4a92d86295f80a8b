# Written by cargo-stow. Do not edit it: change Cargo.toml, then run `cargo stow dockerfile`.

# the one base image: what is compiled on it runs on it
FROM debian:bookworm-slim@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb AS base
USER 0:0

# only lends its files to the compile step
FROM rust:1.95-slim@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc AS toolchain

FROM base AS builder
RUN --mount=type=cache,id=cargo-stow-apt-lists-builder-47c5a7dd24ff,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=cache,id=cargo-stow-apt-archives-builder-47c5a7dd24ff,target=/var/cache/apt,sharing=locked \
    export DEBIAN_FRONTEND=noninteractive \
 && apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true update \
 && apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true install --yes --no-install-recommends -- ca-certificates gcc libc6-dev \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache /var/cache/debconf/config.dat-old /var/cache/debconf/templates.dat-old /var/lib/dpkg/diversions-old /var/lib/dpkg/status-old

FROM builder AS build
RUN --mount=type=bind,target=/src,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/rustup,target=/usr/local/rustup,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/cargo,target=/usr/local/cargo \
    --mount=type=cache,id=cargo-stow-registry,target=/cargo/registry,sharing=locked \
    --mount=type=cache,id=cargo-stow-git,target=/cargo/git,sharing=locked \
    --mount=type=secret,id=cargo-stow-ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    export RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/cargo CARGO_TARGET_DIR=/target PATH=/usr/local/cargo/bin:"$PATH" \
 && cd /src \
 && cargo build --package greeter --bin greeter --release --locked \
 && install -D -m 0755 /target/release/greeter /out/greeter \
 && rm -rf /target

FROM base AS runtime
COPY --from=build ["/out/greeter", "/usr/bin/greeter"]
USER root
ENTRYPOINT ["/usr/bin/greeter"]

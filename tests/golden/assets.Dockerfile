# Written by cargo-stow. Do not edit it: change Cargo.toml, then run `cargo stow dockerfile`.

# the one base image: what is compiled on it runs on it
FROM debian:bookworm-slim@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb AS base
USER 0:0

# only lends its files to the steps that compile
FROM rust:1.95-slim@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc AS toolchain

FROM base AS builder
RUN --mount=type=cache,id=cargo-stow-apt-lists-builder-d26fcd9209d8,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=cache,id=cargo-stow-apt-archives-builder-d26fcd9209d8,target=/var/cache/apt,sharing=locked \
    export DEBIAN_FRONTEND=noninteractive \
 && apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true update \
 && apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true install --yes --no-install-recommends -- \
    ca-certificates gcc libc6-dev \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache \
    /var/cache/debconf/config.dat-old /var/cache/debconf/templates.dat-old /var/lib/dpkg/diversions-old \
    /var/lib/dpkg/status-old

# keeps sources fresh by their content, for a cargo that goes by time, and asks what is linked
FROM builder AS tools
RUN mkdir -p /stow \
 && printf '%s\n' \
    'fn main() {}' >/stow/stow.rs
RUN --mount=type=bind,from=toolchain,source=/usr/local/rustup,target=/usr/local/rustup,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/cargo,target=/usr/local/cargo \
    export RUSTUP_HOME=/usr/local/rustup PATH=/usr/local/cargo/bin:"$PATH" \
 && rustc --edition 2018 -C debuginfo=0 -o /stow/stow /stow/stow.rs

# Cargo.lock without the versions of path crates, so that a new one compiles no dependency again
FROM builder AS lock
COPY ["Cargo.lock", "/lock/whole"]
RUN sed -i 's/\r$//' /lock/whole \
 && awk \
    'BEGIN { RS = ""; ORS = "\n\n" } /^\[\[package/ && !/\nsource = / && !/\nname = "(api)"/ { next } !/\nsource = / { sub(/\nversion = "[^"]*"/, "\nversion = \"0.0.0\"") } { print > "/lock/Cargo.lock" }' \
    /lock/whole

# every dependency, compiled; it changes with what Cargo.toml and Cargo.lock say of dependencies
FROM builder AS deps
RUN mkdir -p /build/src \
 && printf '%s\n' \
    '[package]' \
    'name = "stub"' >/build/src/Cargo.toml \
 && mkdir -p /build/src/src \
 && printf '%s\n' \
    'fn main() {}' >/build/src/src/main.rs
COPY --from=lock ["/lock/Cargo.lock", "/build/src/Cargo.lock"]
RUN --mount=type=bind,from=tools,source=/stow,target=/stow \
    --mount=type=bind,from=toolchain,source=/usr/local/rustup,target=/usr/local/rustup,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/cargo,target=/usr/local/cargo \
    --mount=type=cache,id=cargo-stow-cargo-home,target=/cargo,sharing=shared \
    --mount=type=secret,id=cargo-stow-ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    --mount=type=secret,id=cargo-stow-config,target=/cargo/config.toml,mode=0444 \
    --mount=type=secret,id=cargo-stow-credentials,target=/cargo/credentials.toml,mode=0444 \
    --mount=type=secret,id=npm-token,target=/run/secrets/npm-token,mode=0444,required=true \
    export RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target \
    CARGO_BUILD_BUILD_DIR=/build/target SQLX_OFFLINE=true WORDS='it'"'"'s "$HOME"' \
    PATH=/usr/local/cargo/bin:"$PATH" \
 && cd /build/src/api \
 && /stow/stow adopt /build \
 && cargo fetch --target x86_64-unknown-linux-gnu \
 && cargo build --package api --bin api --release \
 && /stow/stow forget /build api

# files for the image, of which the compile takes no notice
FROM builder AS assets
RUN --mount=type=bind,target=/context \
    --mount=type=bind,from=tools,source=/stow,target=/stow \
    /stow/stow pick /context /assets api static '' /srv/www '' api 'conf d' '**/*.conf' /etc/x/ 0640

# begins with the layer of dependencies, and keeps what it compiled for the next time
FROM builder AS build
RUN --mount=type=bind,target=/context \
    --mount=type=cache,id=cargo-stow-build-api,target=/build,sharing=locked,from=deps,source=/build \
    --mount=type=bind,from=tools,source=/stow,target=/stow \
    --mount=type=bind,from=base,source=/,target=/image,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/rustup,target=/usr/local/rustup,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/cargo,target=/usr/local/cargo \
    --mount=type=cache,id=cargo-stow-cargo-home,target=/cargo,sharing=shared \
    --mount=type=secret,id=cargo-stow-ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    --mount=type=secret,id=cargo-stow-config,target=/cargo/config.toml,mode=0444 \
    --mount=type=secret,id=cargo-stow-credentials,target=/cargo/credentials.toml,mode=0444 \
    --mount=type=secret,id=npm-token,target=/run/secrets/npm-token,mode=0444,required=true \
    export RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target \
    CARGO_BUILD_BUILD_DIR=/build/target SQLX_OFFLINE=true WORDS='it'"'"'s "$HOME"' \
    PATH=/usr/local/cargo/bin:"$PATH" \
 && cd /build/src/api \
 && /stow/stow sync /context /build --shared Cargo.toml --shared Cargo.lock --asset api/static '' --asset \
    'api/conf d' '**/*.conf' --asset .git/objects '' --read proto '*.proto' --read api/static/schema.json '' \
    --package api api api/src/bin/api.rs \
 && cargo build --package api --bin api --release --locked \
 && install -D -m 0755 /build/target/release/api /out/api \
 && /stow/stow link /image /out/api

FROM base AS runtime
RUN --mount=type=bind,from=assets,source=/assets,target=/dev/stow/assets \
    --mount=type=bind,from=tools,source=/stow,target=/dev/stow/tools \
    /dev/stow/tools/stow place /dev/stow/assets 0:0 app
COPY --from=build ["/out/api", "/usr/bin/api"]
LABEL org.opencontainers.image.base.digest="sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
    org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
    org.opencontainers.image.title="api" \
    org.opencontainers.image.version="0.1.0"
USER 65532:65532
ENTRYPOINT ["/usr/bin/api"]

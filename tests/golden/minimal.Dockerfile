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
    'BEGIN { RS = ""; ORS = "\n\n" } /^\[\[package/ && !/\nsource = / && !/\nname = "(greeter)"/ { next } !/\nsource = / { sub(/\nversion = "[^"]*"/, "\nversion = \"0.0.0\"") } { print > "/lock/Cargo.lock" }' \
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
    export RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target \
    CARGO_BUILD_BUILD_DIR=/build/target PATH=/usr/local/cargo/bin:"$PATH" \
 && cd /build/src \
 && /stow/stow adopt /build \
 && cargo fetch --target x86_64-unknown-linux-gnu \
 && cargo build --package greeter --bin greeter --release \
 && /stow/stow forget /build greeter

FROM base AS packages
RUN --mount=type=cache,id=cargo-stow-apt-lists-runtime-d26fcd9209d8,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=cache,id=cargo-stow-apt-archives-runtime-d26fcd9209d8,target=/var/cache/apt,sharing=locked \
    export DEBIAN_FRONTEND=noninteractive \
 && apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true update \
 && apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true install --yes --no-install-recommends -- \
    tzdata \
 && rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache \
    /var/cache/debconf/config.dat-old /var/cache/debconf/templates.dat-old /var/lib/dpkg/diversions-old \
    /var/lib/dpkg/status-old

# files for the image, of which the compile takes no notice
FROM builder AS assets
RUN --mount=type=bind,target=/context \
    --mount=type=bind,from=tools,source=/stow,target=/stow \
    /stow/stow pick /context /assets . static '' /srv/www ''

# begins with the layer of dependencies, and keeps what it compiled for the next time
FROM builder AS build
RUN --mount=type=bind,target=/context \
    --mount=type=cache,id=cargo-stow-build-greeter,target=/build,sharing=locked,from=deps,source=/build \
    --mount=type=bind,from=tools,source=/stow,target=/stow \
    --mount=type=bind,from=packages,source=/,target=/image,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/rustup,target=/usr/local/rustup,rw \
    --mount=type=bind,from=toolchain,source=/usr/local/cargo,target=/usr/local/cargo \
    --mount=type=cache,id=cargo-stow-cargo-home,target=/cargo,sharing=shared \
    --mount=type=secret,id=cargo-stow-ca,target=/etc/ssl/certs/ca-certificates.crt,mode=0444 \
    --mount=type=secret,id=cargo-stow-config,target=/cargo/config.toml,mode=0444 \
    --mount=type=secret,id=cargo-stow-credentials,target=/cargo/credentials.toml,mode=0444 \
    export RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target \
    CARGO_BUILD_BUILD_DIR=/build/target PATH=/usr/local/cargo/bin:"$PATH" \
 && cd /build/src \
 && /stow/stow sync /context /build --shared Cargo.toml --shared Cargo.lock --asset static '' --package greeter '' \
    src/bin/greeter.rs \
 && cargo build --package greeter --bin greeter --release --locked \
 && install -D -m 0755 /build/target/release/greeter /out/greeter \
 && /stow/stow link /image --search /opt/lib --list /linkage /out/greeter \
 && cp /stow/stow /linkage/stow

FROM packages AS whole
RUN --mount=type=cache,id=cargo-stow-apt-lists-runtime-d26fcd9209d8,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=cache,id=cargo-stow-apt-archives-runtime-d26fcd9209d8,target=/var/cache/apt,sharing=locked \
    --mount=type=bind,from=build,source=/linkage,target=/dev/stow \
    export DEBIAN_FRONTEND=noninteractive \
 && /dev/stow/stow with /dev/stow/packages apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true update \
 && /dev/stow/stow with /dev/stow/packages apt-get -o DPkg::Lock::Timeout=60 -o APT::Cmd::Pattern-Only=true install \
    --yes --no-install-recommends -- @ \
 && /dev/stow/stow with /dev/stow/packages rm -rf /var/log/apt /var/log/dpkg.log /var/log/alternatives.log \
    /var/cache/ldconfig/aux-cache /var/cache/debconf/config.dat-old /var/cache/debconf/templates.dat-old \
    /var/lib/dpkg/diversions-old /var/lib/dpkg/status-old \
 && /dev/stow/stow present /dev/stow/libraries
RUN --mount=type=bind,from=assets,source=/assets,target=/dev/stow/assets \
    --mount=type=bind,from=tools,source=/stow,target=/dev/stow/tools \
    /dev/stow/tools/stow place /dev/stow/assets 0:0
COPY --from=build ["/out/greeter", "/usr/bin/greeter"]

FROM base AS minimal
RUN --mount=type=bind,from=whole,source=/,target=/image \
    --mount=type=bind,from=base,source=/,target=/origin \
    --mount=type=bind,from=tools,source=/stow,target=/stow \
    /stow/stow shrink /image /origin /minimal --search /opt/lib /usr/bin/greeter

# of the base, what the program is linked with, and no more
FROM scratch AS runtime
COPY --from=minimal ["/minimal", "/"]
ENV LD_LIBRARY_PATH="/opt/lib" \
    PATH="/opt/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LABEL org.opencontainers.image.base.digest="sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
    org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
    org.opencontainers.image.title="greeter" \
    org.opencontainers.image.version="0.1.0"
USER 65532:65532
ENTRYPOINT ["/usr/bin/greeter"]

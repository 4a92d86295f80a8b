# Written by cargo-stow. Do not edit it: change Cargo.toml, then run `cargo stow dockerfile`.

# the one base image: what is compiled on it runs on it
FROM debian:bookworm-slim@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb AS base
USER 0:0

FROM base AS builder
RUN --mount=type=cache,id=cargo-stow-microdnf-cache-builder-d26fcd9209d8,target=/var/cache/dnf,sharing=locked \
    --mount=type=cache,id=cargo-stow-microdnf-cache5-builder-d26fcd9209d8,target=/var/cache/libdnf5,sharing=locked \
    --mount=type=cache,id=cargo-stow-microdnf-cacheyum-builder-d26fcd9209d8,target=/var/cache/yum,sharing=locked \
    export SOURCE_DATE_EPOCH=0 \
 && microdnf --setopt=install_weak_deps=0 --setopt=tsflags=nodocs install --assumeyes ca-certificates cargo gawk \
    gcc glibc-devel rust sed \
 && rm -rf /var/cache/ldconfig/aux-cache /var/lib/dnf /var/log/hawkey.log /var/log/dnf.librepo.log /var/log/dnf.log \
    /var/log/dnf.rpm.log /var/log/dnf5.log

# keeps sources fresh by their content, for a cargo that goes by time, and asks what is linked
FROM builder AS tools
RUN mkdir -p /stow \
 && printf '%s\n' \
    'fn main() {}' >/stow/stow.rs
RUN rustc --edition 2018 -C debuginfo=0 -o /stow/stow /stow/stow.rs

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
    --mount=type=cache,id=cargo-stow-cargo-home,target=/cargo,sharing=shared \
    --mount=type=secret,id=cargo-stow-ca,target=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem,mode=0444 \
    --mount=type=secret,id=cargo-stow-config,target=/cargo/config.toml,mode=0444 \
    --mount=type=secret,id=cargo-stow-credentials,target=/cargo/credentials.toml,mode=0444 \
    export CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target CARGO_BUILD_BUILD_DIR=/build/target \
 && cd /build/src \
 && /stow/stow adopt /build \
 && cargo fetch --target x86_64-unknown-linux-gnu \
 && cargo build --package greeter --bin greeter --release \
 && /stow/stow forget /build greeter

FROM base AS packages
RUN --mount=type=cache,id=cargo-stow-microdnf-cache-runtime-d26fcd9209d8,target=/var/cache/dnf,sharing=locked \
    --mount=type=cache,id=cargo-stow-microdnf-cache5-runtime-d26fcd9209d8,target=/var/cache/libdnf5,sharing=locked \
    --mount=type=cache,id=cargo-stow-microdnf-cacheyum-runtime-d26fcd9209d8,target=/var/cache/yum,sharing=locked \
    export SOURCE_DATE_EPOCH=0 \
 && microdnf --setopt=install_weak_deps=0 --setopt=tsflags=nodocs install --assumeyes openssl-libs \
 && rm -rf /var/cache/ldconfig/aux-cache /var/lib/dnf /var/log/hawkey.log /var/log/dnf.librepo.log /var/log/dnf.log \
    /var/log/dnf.rpm.log /var/log/dnf5.log

# begins with the layer of dependencies, and keeps what it compiled for the next time
FROM builder AS build
RUN --mount=type=bind,target=/context \
    --mount=type=cache,id=cargo-stow-build-greeter,target=/build,sharing=locked,from=deps,source=/build \
    --mount=type=bind,from=tools,source=/stow,target=/stow \
    --mount=type=bind,from=packages,source=/,target=/image,rw \
    --mount=type=cache,id=cargo-stow-cargo-home,target=/cargo,sharing=shared \
    --mount=type=secret,id=cargo-stow-ca,target=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem,mode=0444 \
    --mount=type=secret,id=cargo-stow-config,target=/cargo/config.toml,mode=0444 \
    --mount=type=secret,id=cargo-stow-credentials,target=/cargo/credentials.toml,mode=0444 \
    export CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target CARGO_BUILD_BUILD_DIR=/build/target \
 && cd /build/src \
 && /stow/stow sync /context /build --shared Cargo.toml --shared Cargo.lock --package greeter '' src/bin/greeter.rs \
 && cargo build --package greeter --bin greeter --release --locked \
 && install -D -m 0755 /build/target/release/greeter /out/greeter \
 && /stow/stow link /image /out/greeter

FROM packages AS runtime
COPY --from=build ["/out/greeter", "/usr/bin/greeter"]
LABEL org.opencontainers.image.base.digest="sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
    org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim" \
    org.opencontainers.image.title="greeter" \
    org.opencontainers.image.version="0.1.0"
USER 65532:65532
ENTRYPOINT ["/usr/bin/greeter"]

"""cargo-stow: a Rust crate becomes a clean container image, with no Dockerfile to write."""

__version__ = "0.1.0"

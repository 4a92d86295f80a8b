"""Crates that need something of the system, and crates called `-sys` that need nothing: the only lists of names.

The names of `apt` were looked up in Debian 12 and 13, and the integration suite looks them up again; those of `apk` and
`dnf` were not. To add a crate: one line, from its build script. One that compiles its own copy of a library where it
finds no other one belongs into `NOTHING`: a copy needs no package and no second thought.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cargo_stow.propose.native import Native

if TYPE_CHECKING:
    from collections.abc import Mapping

_PKG = "pkg-config"


def _linked(
    apt: str, apk: str = "", dnf: str = "", *, tools: str = _PKG, bundles_with: str = "", bundled: str = ""
) -> Native:
    return Native(apt=apt, apk=apk, dnf=dnf, tools=tools, bundles_with=bundles_with, bundled=bundled)


_DATA = {
    "openssl-sys": _linked(
        "libssl-dev > libssl3|libssl3t64", "openssl-dev > libssl3 libcrypto3", "openssl-devel > openssl-libs",
        bundles_with="openssl-src", bundled="make perl",
    ),
    "libsqlite3-sys": _linked(
        "libsqlite3-dev > libsqlite3-0", "sqlite-dev > sqlite-libs", "sqlite-devel > sqlite-libs", bundles_with="cc"
    ),
    "pq-sys": _linked("libpq-dev > libpq5", "libpq-dev > libpq", "libpq-devel > libpq", bundles_with="pq-src"),
    "mysqlclient-sys": _linked(
        "default-libmysqlclient-dev > libmariadb3", "mariadb-connector-c-dev > mariadb-connector-c",
        "mariadb-connector-c-devel > mariadb-connector-c", bundles_with="mysqlclient-src", bundled="cmake c++",
    ),
    "odbc-sys": _linked("unixodbc-dev > libodbc2", "unixodbc-dev > unixodbc"),
    "rdkafka-sys": Native(tools="make c++"),
    "librocksdb-sys": Native(tools="c++"),
    "zmq-sys": _linked("libzmq3-dev > libzmq5", "zeromq-dev > libzmq", bundles_with="zeromq-src", bundled="c++"),
    "libxml": _linked("libxml2-dev > libxml2", "libxml2-dev > libxml2", "libxml2-devel > libxml2"),
    "hdf5-sys": _linked("libhdf5-dev > libhdf5-103-1|libhdf5-310", bundles_with="hdf5-src", bundled="cmake"),
    "openblas-src": _linked("libopenblas-dev > libopenblas0", "openblas-dev > openblas", "openblas-devel > openblas"),
}  # fmt: skip

_SYSTEM = {
    "libdbus-sys": _linked("libdbus-1-dev > libdbus-1-3", "dbus-dev > dbus-libs", "dbus-devel > dbus-libs", bundles_with="cc"),
    "libudev-sys": _linked("libudev-dev > libudev1", "eudev-dev > eudev-libs", "systemd-devel > systemd-libs"),
    "hidapi": _linked("libudev-dev > libudev1", "eudev-dev > eudev-libs", "systemd-devel > systemd-libs"),
    "libsystemd-sys": _linked("libsystemd-dev > libsystemd0", dnf="systemd-devel > systemd-libs"),
    "libusb1-sys": _linked("libusb-1.0-0-dev > libusb-1.0-0", "libusb-dev > libusb", "libusb1-devel > libusb1"),
    "libseccomp-sys": _linked("libseccomp-dev > libseccomp2", "libseccomp-dev > libseccomp", "libseccomp-devel > libseccomp"),
    "selinux-sys": _linked("libselinux1-dev > libselinux1", dnf="libselinux-devel > libselinux"),
    "pam-sys": _linked("libpam0g-dev > libpam0g", "linux-pam-dev > linux-pam", "pam-devel > pam-libs"),
    "devicemapper-sys": _linked("libdevmapper-dev > libdevmapper1.02.1", "lvm2-dev > device-mapper-libs"),
    "libbpf-sys": _linked("libelf-dev zlib1g-dev > libelf1|libelf1t64 zlib1g", tools="make pkg-config"),
    "pcap": _linked("libpcap-dev > libpcap0.8|libpcap0.8t64", "libpcap-dev > libpcap", "libpcap-devel > libpcap", tools=""),
    "libgssapi-sys": _linked("libkrb5-dev > libgssapi-krb5-2", "krb5-dev > krb5-libs", "krb5-devel > krb5-libs"),
    "sasl2-sys": _linked("libsasl2-dev > libsasl2-2", "cyrus-sasl-dev > libsasl", "cyrus-sasl-devel > cyrus-sasl-lib"),
    "gpgme-sys": _linked("libgpgme-dev > libgpgme11|libgpgme11t64", "gpgme-dev > gpgme", "gpgme-devel > gpgme"),
    "libgpg-error-sys": _linked("libgpg-error-dev > libgpg-error0", "libgpg-error-dev > libgpg-error"),
    "nettle-sys": _linked(
        "nettle-dev > libnettle8|libnettle8t64 libhogweed6|libhogweed6t64", "nettle-dev > nettle", "nettle-devel > nettle"
    ),
    "tss-esapi-sys": _linked("libtss2-dev > libtss2-esys-3.0.2-0|libtss2-esys-3.0.2-0t64 libtss2-tctildr0|libtss2-tctildr0t64"),
    "readline-sys": _linked("libreadline-dev > libreadline8|libreadline8t64", tools=""),
    "ncurses": _linked("libncurses-dev > libncursesw6", "ncurses-dev > libncursesw", "ncurses-devel > ncurses-libs"),
}  # fmt: skip

_DESKTOP = {
    "alsa-sys": _linked("libasound2-dev > libasound2|libasound2t64", "alsa-lib-dev > alsa-lib", "alsa-lib-devel > alsa-lib"),
    "libpulse-sys": _linked("libpulse-dev > libpulse0", "pulseaudio-dev > libpulse", "pulseaudio-libs-devel > pulseaudio-libs"),
    "pipewire-sys": _linked("libpipewire-0.3-dev > libpipewire-0.3-0|libpipewire-0.3-0t64", "pipewire-dev > pipewire-libs"),
    "libspa-sys": _linked("libspa-0.2-dev"),
    "glib-sys": _linked("libglib2.0-dev > libglib2.0-0|libglib2.0-0t64", "glib-dev > glib", "glib2-devel > glib2"),
    "gobject-sys": _linked("libglib2.0-dev > libglib2.0-0|libglib2.0-0t64", "glib-dev > glib", "glib2-devel > glib2"),
    "gio-sys": _linked("libglib2.0-dev > libglib2.0-0|libglib2.0-0t64", "glib-dev > glib", "glib2-devel > glib2"),
    "cairo-sys-rs": _linked("libcairo2-dev > libcairo2 libcairo-gobject2", "cairo-dev > cairo cairo-gobject", "cairo-devel > cairo"),
    "pango-sys": _linked("libpango1.0-dev > libpango-1.0-0", "pango-dev > pango", "pango-devel > pango"),
    "pangocairo-sys": _linked("libpango1.0-dev > libpangocairo-1.0-0", "pango-dev > pango", "pango-devel > pango"),
    "gdk-pixbuf-sys": _linked("libgdk-pixbuf-2.0-dev > libgdk-pixbuf-2.0-0", "gdk-pixbuf-dev > gdk-pixbuf", "gdk-pixbuf2-devel > gdk-pixbuf2"),
    "atk-sys": _linked("libatk1.0-dev > libatk1.0-0|libatk1.0-0t64", "at-spi2-core-dev > at-spi2-core", "atk-devel > atk"),
    "gdk-sys": _linked("libgtk-3-dev > libgtk-3-0|libgtk-3-0t64", "gtk+3.0-dev > gtk+3.0", "gtk3-devel > gtk3"),
    "gtk-sys": _linked("libgtk-3-dev > libgtk-3-0|libgtk-3-0t64", "gtk+3.0-dev > gtk+3.0", "gtk3-devel > gtk3"),
    "gtk4-sys": _linked("libgtk-4-dev > libgtk-4-1", "gtk4.0-dev > gtk4.0", "gtk4-devel > gtk4"),
    "webkit2gtk-sys": _linked("libwebkit2gtk-4.1-dev > libwebkit2gtk-4.1-0", "webkit2gtk-4.1-dev > webkit2gtk-4.1"),
    "javascriptcore-rs-sys": _linked("libjavascriptcoregtk-4.1-dev > libjavascriptcoregtk-4.1-0"),
    "soup3-sys": _linked("libsoup-3.0-dev > libsoup-3.0-0", "libsoup3-dev > libsoup3", "libsoup3-devel > libsoup3"),
    "gstreamer-sys": _linked("libgstreamer1.0-dev > libgstreamer1.0-0", "gstreamer-dev > gstreamer", "gstreamer1-devel > gstreamer1"),
    "yeslogic-fontconfig-sys": _linked("libfontconfig-dev > libfontconfig1", "fontconfig-dev > fontconfig", "fontconfig-devel > fontconfig"),
    "servo-fontconfig-sys": _linked("libfontconfig-dev > libfontconfig1", "fontconfig-dev > fontconfig", "fontconfig-devel > fontconfig"),
    "x11": _linked("libx11-dev > libx11-6", "libx11-dev > libx11"),
    "xcb": _linked("libxcb1-dev > libxcb1", "libxcb-dev > libxcb", "libxcb-devel > libxcb", tools=""),
    "wayland-sys": _linked("libwayland-dev > libwayland-client0", "wayland-dev > wayland-libs-client", "wayland-devel > libwayland-client"),
    "sdl2-sys": _linked("libsdl2-dev > libsdl2-2.0-0", "sdl2-dev > sdl2", tools="", bundles_with="cmake"),
    "tesseract-sys": _linked("libtesseract-dev > libtesseract5", "tesseract-ocr-dev > tesseract-ocr", "tesseract-devel > tesseract"),
    "leptonica-sys": _linked("libleptonica-dev > liblept5|libleptonica6", "leptonica-dev > leptonica", "leptonica-devel > leptonica"),
    "ffmpeg-sys-next": _linked(
        "libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswresample-dev libswscale-dev"
        " > libavdevice59|libavdevice61", "ffmpeg-dev > ffmpeg-libs",
    ),
}  # fmt: skip

_PROGRAMS = {
    "autotools": Native(tools="autotools"),
    "boring-sys": Native(tools="c++"),
    "clang-sys": Native(tools="libclang"),
    "cmake": Native(tools="cmake"),
    "cxx-build": Native(tools="c++"),
    "grpcio-sys": Native(tools="c++"),
    "jemalloc-sys": Native(tools="make"),
    "libffi-sys": Native(tools="make"),
    "libsodium-sys": Native(tools="make"),
    "libsodium-sys-stable": Native(tools="make"),
    "link-cplusplus": Native(tools="c++"),
    "nasm-rs": Native(tools="nasm"),
    "prost-build": Native(tools="protoc", unless="protobuf-src protoc-bin-vendored protox"),
    "protobuf-src": Native(tools="autotools c++"),
    "snmalloc-sys": Native(tools="c++"),
    "tikv-jemalloc-sys": Native(tools="make"),
}

CRATES: Mapping[str, Native] = {**_DATA, **_SYSTEM, **_DESKTOP, **_PROGRAMS}

# Crates that compile what they need with the C compiler that is always there, and crates that link to no library on
# Linux, or to the C library alone. aws-lc-sys, libz-ng-sys and others come with the crate `cmake` where they start one.
NOTHING = frozenset(
    """
    aws-lc-fips-sys aws-lc-sys brotli-sys bzip2-sys curl-sys freetype-sys libbz2-rs-sys libdeflate-sys libgit2-sys
    liblzma-sys libmimalloc-sys libnghttp2-sys libssh2-sys libwebp-sys libz-ng-sys libz-rs-sys libz-sys
    lmdb-master-sys lmdb-rkv-sys lz4-sys lzma-sys mlua-sys onig_sys pcre2-sys rquickjs-sys secp256k1-sys zstd-sys

    android_log-sys backtrace-sys block-sys core-foundation-sys coreaudio-sys cryptoki-sys dirs-sys dirs-sys-next
    fsevent-sys fuchsia-zircon-sys glutin_egl_sys glutin_glx_sys glutin_wgl_sys inotify-sys io-kit-sys jni-sys js-sys
    kqueue-sys libfuzzer-sys linux-raw-sys ndk-sys objc-sys oboe-sys renderdoc-sys security-framework-sys
    system-configuration-sys web-sys windows-sys
    """.split()  # noqa: SIM905 - names to be read
)

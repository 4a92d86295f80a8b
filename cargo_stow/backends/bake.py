"""Several images from one `docker buildx bake`: BuildKit runs the steps that they share once. Pure but for the Runner.

Source: Docker's documentation, "Bake file reference", in its form in JSON.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cargo_stow.backends.options import annotation_texts, csv_field, variable
from cargo_stow.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cargo_stow.backends.protocol import BuildOrder

# Since buildx 0.20 a bake file has to be allowed what lies outside of the working directory. Ours is our own.
ENVIRONMENT = {"BUILDX_BAKE_ENTITLEMENTS_FS": "0"}


def write_bake_file(orders: Sequence[BuildOrder], dockerfiles: Sequence[Path]) -> Path:
    """Write the file that has a target for each order, by its name in `target_names`; returns its path."""
    targets = dict(zip(target_names(orders), map(_target, orders, dockerfiles), strict=True))
    path = dockerfiles[0].with_suffix(".bake.json")
    document = {"group": {"default": {"targets": list(targets)}}, "target": targets}
    write_text(path, json.dumps(document, indent=1, sort_keys=True) + "\n", durable=False)
    return path


def target_names(orders: Sequence[BuildOrder]) -> list[str]:
    """Return what bake calls the images, which it shows before each step: their packages, and platforms if
    there are several, as far as bake takes that.
    """
    several = len({order.plan.platform for order in orders}) > 1
    names = [f"{order.plan.package}-{order.plan.platform.name}" if several else order.plan.package for order in orders]
    names = [re.sub(r"[^A-Za-z0-9_-]", "_", name) for name in names]
    twins = {name for name in names if names.count(name) > 1}
    return [f"{name}-{index}" if name in twins else name for index, name in enumerate(names)]


def _target(order: BuildOrder, dockerfile: Path) -> dict[str, object]:
    target: dict[str, object] = {
        "context": _literal(str(order.root)),
        "dockerfile": _literal(str(dockerfile)),
        "platforms": [str(order.plan.platform)],
        "output": ["type=docker"],
        "secret": [_secret(name, secret) for name, secret in sorted(order.secrets.items())],
        "args": dict.fromkeys(order.proxies),
        "cache-from": [_literal(cache) for cache in order.cache_from],
        "annotations": [_literal(each) for each in annotation_texts(order)],
    }
    return {**target, "ssh": ["default"]} if order.ssh else target


def _secret(name: str, secret: Path | str) -> str:
    source = f"src={secret}" if isinstance(secret, Path) else f"env={variable(name)}"
    return _literal(f"id={name},{csv_field(source)}")


def _literal(text: str) -> str:
    """Escape what bake would fill in: it reads the texts of JSON as templates."""
    return text.replace("${", "$${").replace("%{", "%%{")

"""From a plan and its base images to an image in the store: manifest, configuration and layers.

Runs in namespaces of its own. Times in it are those of the base image, or what SOURCE_DATE_EPOCH says: an image made
again is the same.
"""

from __future__ import annotations

import datetime
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cargo_stow.backends.youki.bases import Base, is_unpacked, load_base, make_rootfs, unpack
from cargo_stow.backends.youki.builder import Builder
from cargo_stow.backends.youki.image_config import make_config
from cargo_stow.backends.youki.store import touch
from cargo_stow.oci.descriptor import CONFIG, DOCKER_LAYER, LAYER_GZIP, MANIFEST, Descriptor
from cargo_stow.oci.documents import as_bytes
from cargo_stow.oci.image import Manifest, chain_ids
from cargo_stow.oci.pack import Packed, pack_layer
from cargo_stow.plan import SCRATCH, Write
from cargo_stow.process import SystemRunner
from cargo_stow.sandbox.overlay import Mounts
from cargo_stow.sandbox.rights import read_ids
from cargo_stow.sandbox.runtime import container_name, hide_groups, remove_groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cargo_stow.backends.protocol import BuildOrder
    from cargo_stow.backends.youki.rootfs import Rootfs
    from cargo_stow.backends.youki.store import Store
    from cargo_stow.sandbox.runtime import Runtime


def build_images(
    store: Store, runtime: Runtime, builds: Sequence[tuple[BuildOrder, Mapping[str, Descriptor]]], epoch: int | None
) -> list[Descriptor]:
    """Carry out orders, each with the images that its stages begin with; returns the manifests of what came of them."""
    mounts = prepare(store, runtime)
    for name in store.sweep():
        remove_groups(container_name(name))
    return [_build(store, runtime, order, images, epoch, mounts=mounts) for order, images in builds]


def prepare(store: Store, runtime: Runtime) -> Mounts:
    """Make namespaces that are ours fit for containers; returns what mounts in them. Raises FileError."""
    runner = SystemRunner()
    store.claim(read_ids())
    hide_groups(runtime, runner)
    return Mounts(runner, store.directory, is_confined=runtime.rights.is_confined)


def _build(
    store: Store,
    runtime: Runtime,
    order: BuildOrder,
    images: Mapping[str, Descriptor],
    epoch: int | None,
    *,
    mounts: Mounts,
) -> Descriptor:
    bases = {name: load_base(store.blobs, manifest) for name, manifest in images.items()}

    def begin(name: str) -> Rootfs:
        if not order.quiet and not is_unpacked(store, bases[name]):
            print(f"  [{name}] unpack {images[name].digest}", file=sys.stderr, flush=True)
        return make_rootfs(store, bases[name], images[name])

    with store.scratch() as scratch, mounts.scope() as inner:
        builder = Builder(
            order=order,
            store=store,
            runtime=runtime,
            runner=SystemRunner(),
            mounts=inner,
            scratch=scratch,
            bases=begin,
            epoch=bases["base"].created if epoch is None else epoch,
        )
        return _assemble(builder, bases["base"])


def _assemble(builder: Builder, base: Base) -> Descriptor:
    plan, blobs = builder.order.plan, builder.store.blobs
    rootfs = builder.stage(plan.stages[-1].name)
    if plan.config.workdir:
        step = Write(name="workdir", target=plan.config.workdir, files=())
        rootfs = builder.step(rootfs, step, f"{plan.stages[-1].name} workdir")
    is_whole = plan.stages[-1].parent != SCRATCH
    packed = list(_pack(builder, rootfs))
    document = _document(base if is_whole else None, base.document, plan.config, packed, builder.epoch)
    config = blobs.put(as_bytes(document), CONFIG)
    layers = (*(base.layers if is_whole else ()), *(each.descriptor for each in packed))
    made = blobs.put(as_bytes(_manifest(config, layers, dict(plan.config.annotations))), MANIFEST)
    chain = chain_ids(base.diff_ids)[-1] if is_whole else ""
    builder.store.write_note(image_note(made), {"base": chain, "steps": rootfs.steps})
    return made


def image_note(image: Descriptor) -> str:
    """The name of the note that says of which directories an image consists."""
    return f"image-{image.digest.partition(':')[2]}"


def directories(store: Store, image: Descriptor) -> list[Path]:
    """Return the directories that are an image's file system over each other, the lowest first; unpacks what it must.

    Raises ImageFormatError.
    """
    note = store.read_note(image_note(image)) or {}
    found = [store.base(note["base"])] if note.get("base") else []
    found += [store.layer(key) for key in note.get("steps", ())]
    if found and all(path.is_dir() for path in found):
        for path in found:
            touch(path)
        return found
    return [unpack(store, load_base(store.blobs, image))]


def _pack(builder: Builder, rootfs: Rootfs) -> Iterator[Packed]:
    """Yield the layers that steps left on top of the base; each is made once."""
    own = len(rootfs.layers) - len(rootfs.steps)
    for number, key in enumerate(rootfs.steps):
        note = builder.store.read_note(key)
        if note is None or (note.get("layer") and not builder.store.blobs.has(_descriptor(note))):
            below = builder.mounts.merged(rootfs.layers[: own + number], builder.scratch / f"below-{number}")
            made = pack_layer(rootfs.layers[own + number], below, builder.store.blobs, mtime=builder.epoch)
            note = {"layer": made.descriptor.as_json(), "diff_id": made.diff_id} if made else {"layer": None}
            builder.store.write_note(key, note)
        if note["layer"]:
            yield Packed(descriptor=_descriptor(note), diff_id=note["diff_id"])


def _descriptor(note: Mapping[str, Any]) -> Descriptor:
    layer = note["layer"]
    return Descriptor(media_type=layer["mediaType"], digest=layer["digest"], size=layer["size"])


def _document(
    base: Base | None, described: Mapping[str, Any], config: Any, packed: Sequence[Packed], epoch: int
) -> dict[str, Any]:
    """The configuration of an image. Source: OCI image specification, "Properties"."""
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    platform = {
        name: described[name] for name in ("architecture", "os", "variant", "os.version") if described.get(name)
    }
    history = [{"created": created, "created_by": "cargo-stow"} for _ in packed]
    before = base.document.get("history") or () if base else ()
    return {
        "created": created,
        **platform,
        "config": make_config(base.config if base else {}, config),
        "rootfs": {
            "type": "layers",
            "diff_ids": [*(base.diff_ids if base else ()), *(each.diff_id for each in packed)],
        },
        "history": [*before, *history],
    }


def _manifest(config: Descriptor, layers: Sequence[Descriptor], annotations: Mapping[str, str]) -> dict[str, Any]:
    return Manifest(config=config, layers=tuple(map(_oci, layers)), annotations=tuple(annotations.items())).as_json()


def _oci(layer: Descriptor) -> Descriptor:
    """The same layer under the name that OCI manifests have for its type."""
    return replace(layer, media_type=LAYER_GZIP) if layer.media_type == DOCKER_LAYER else layer

"""The only way to the Docker Engine API.

Owns what is asked of an engine: images, tags, digests, pushes and containers. Must not start a process, print, or let
an exception out that is not ours. The plain requests go over a socket; the Docker SDK, which takes long to import, is
for registries, and for an engine behind TLS or ssh. What carries a request is imported with the first one.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from cargo_stow.backends.engine_api import TIMEOUT, AnswerError, EngineApi, ForeignError
from cargo_stow.backends.engine_endpoint import find_plain_endpoint
from cargo_stow.backends.engine_values import make_container_state, make_image
from cargo_stow.errors import EngineError, ImageNotFoundError, UsageError
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

    import docker

    from cargo_stow.backends.engine_api import Transport
    from cargo_stow.backends.engine_endpoint import Endpoint
    from cargo_stow.backends.engine_values import ContainerState, EngineImage
    from cargo_stow.oci.progress import Progress
    from cargo_stow.reference import ImageRef

_NOT_FOUND, _CONFLICT = 404, 409
_STOPPED = frozenset({"created", "exited", "dead"})
_T = TypeVar("_T")


class Engine:
    """An engine, at the address that the environment names. Nothing is asked, nor read, before the first request.

    Every request may raise EngineStoppedError, EngineDeniedError, EngineError, and UsageError for an address that
    cannot be; the methods name what else they raise. One thread at a time.
    """

    def __init__(self, environment: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        self._environment = environment
        self._timeout = timeout
        self._endpoint: Endpoint | None = None
        self._api: EngineApi | None = None
        self._client: docker.APIClient | None = None

    @property
    def address(self) -> str:
        """Where the engine is, for messages: without a password. Reads the context, asks nothing."""
        return self._find_endpoint().address

    def image(self, name: str) -> EngineImage | None:
        """Inspect an image by tag, `name@digest` or ID; None where the engine has none."""
        return self._ask_unless(
            {_NOT_FOUND}, f"inspect the image `{name}`", lambda api: make_image(api.inspect_image(name))
        )

    def tag(self, image: str, reference: ImageRef) -> None:
        """Give an image one more name, taking it from whichever has it. Raises ImageNotFoundError."""
        _refuse_digest(reference)
        name, tag = reference.name, reference.tagged.tag or ""

        def ask(api: EngineApi) -> bool:
            api.tag_image(image, name, tag)
            return True

        if not self._ask_unless({_NOT_FOUND}, f"tag `{image}` as `{reference}`", ask):
            raise ImageNotFoundError(f"the engine at {self.address} has no image `{image}`")

    def untag(self, name: str) -> None:
        """Remove one name; the image goes with its last one. A name that is absent is fine.

        Never forced: the last name of an image that a container (even a stopped one) uses is an EngineError, whose
        detail names the container. Remove that first.
        """
        self._ask_unless({_NOT_FOUND}, f"remove the name `{name}`", lambda api: api.remove_image(name))

    def images_named(self, repository: str) -> tuple[EngineImage, ...]:
        """The images that have a tag `repository:*`."""
        name = parse_reference(repository).familiar.name
        found = self._ask(f"list the images named `{name}`", lambda api: [one["Id"] for one in api.list_images(name)])
        images = (self.image(identity) for identity in dict.fromkeys(found))  # One may go while we ask.
        return tuple(image for image in images if image and any(tag.startswith(f"{name}:") for tag in image.tags))

    def registry_digest(self, reference: ImageRef) -> str:
        """Ask the registry, through the engine, which digest a reference has now.

        Raises ImageNotFoundError, RegistryError, NoCredentialsError or RefusedError, and what `find_credentials` does.
        """
        from cargo_stow.backends.engine_sdk import translated  # noqa: PLC0415
        from cargo_stow.backends.registry_lookup import look_up_digest  # noqa: PLC0415
        from cargo_stow.oci.credentials import find_credentials  # noqa: PLC0415

        credentials = find_credentials(reference.registry, self._environment)
        with translated(self.address, f"look up `{reference}`"):
            return look_up_digest(self._connect_sdk(), reference.tagged, credentials)

    def insecure_registries(self) -> frozenset[str]:
        """The registries that this engine may speak to without TLS, as daemon.json names them, host and port."""

        def ask(api: EngineApi) -> frozenset[str]:
            found = (api.info().get("RegistryConfig") or {}).get("IndexConfigs") or {}
            return frozenset(name for name, each in found.items() if not each.get("Secure", True))

        return self._ask("say which registries are insecure", ask)

    def ping(self) -> None:
        """Ask for nothing but an answer."""
        self._ask("answer", lambda api: api.ping())

    @contextlib.contextmanager
    def saved(self, name: str) -> Iterator[BinaryIO]:
        """An image as the archive that `docker save` writes, while it comes."""
        import io  # noqa: PLC0415

        from cargo_stow.backends.engine_save import Chunks  # noqa: PLC0415
        from cargo_stow.backends.engine_sdk import translated  # noqa: PLC0415

        with translated(self.address, f"save the image `{name}`"):
            chunks = self._connect_sdk().get_image(name)
            yield io.BufferedReader(Chunks(iter(chunks)), 1 << 20)

    def has_containerd_store(self) -> bool:
        """Whether images are in containerd's store, with which the engine's own builder can export caches."""
        store = "io.containerd.snapshotter"
        return self._ask("describe itself", lambda api: store in str(api.info().get("DriverStatus")))

    def push(self, reference: ImageRef, progress: Callable[[Progress], None]) -> str:
        """Push a tag to its registry. Returns the digest `sha256:…` of the manifest that the registry has now.

        Raises ImageNotFoundError, RegistryError, NoCredentialsError or RefusedError, and what `find_credentials` does.
        """
        from cargo_stow.backends.engine_sdk import translated  # noqa: PLC0415
        from cargo_stow.backends.push import push_image  # noqa: PLC0415
        from cargo_stow.oci.credentials import find_credentials  # noqa: PLC0415

        _refuse_digest(reference)
        tagged = reference.tagged
        if self.image(str(tagged)) is None:
            raise ImageNotFoundError(f"the engine at {self.address} has no image `{tagged}`", hint="build it first")
        credentials = find_credentials(tagged.registry, self._environment)
        with translated(self.address, f"push `{tagged}`"):
            client = self._connect_sdk()
        return self._confirm(tagged, push_image(client, self.address, tagged, credentials, progress))

    def _confirm(self, reference: ImageRef, digest: str) -> str:
        """Hold the digest of the stream against what the engine has noted; take the noted one if it named none."""
        image = self.image(str(reference))
        prefix = f"{reference.familiar.name}@"
        names = [name for name in (image.digests if image else ()) if name.startswith(prefix)]
        noted = sorted({name.removeprefix(prefix) for name in names})  # once for each tag in containerd's store
        if digest and (digest in noted or not noted):
            return digest
        if not digest and len(noted) == 1:
            return noted[0]
        raise EngineError(
            f"the engine at {self.address} pushed `{reference}`, but does not say clearly which digest it has",
            detail=f"push: {digest or 'none'}; noted: {', '.join(noted) or 'none'}",
        )

    def end_of_container(self, container: str, within: int | None = None) -> ContainerState | None:
        """Wait until a container does not run, and inspect it, by name or ID; None where there is none.

        With `within`, wait so many seconds at most; the state then may be that it runs.
        """

        def ask(api: EngineApi) -> ContainerState:
            state = make_container_state(api.inspect_container(container))
            if not state.running:
                return state
            with _at_most(within):
                api.wait_for_container(container, within)
            return make_container_state(api.inspect_container(container))

        return self._ask_unless({_NOT_FOUND}, f"inspect the container `{container}`", ask)

    def signal_container(self, container: str, signum: int) -> None:
        """Send a signal to a container's program. A container that is absent, or does not run, is fine."""
        self._ask_unless(
            {_NOT_FOUND, _CONFLICT},
            f"send signal {signum} to the container `{container}`",
            lambda api: api.kill_container(container, signum),
        )

    def stopped_containers(self, prefix: str) -> tuple[str, ...]:
        """The names, of those that begin so, of containers that do not run (one that is paused does)."""

        def ask(api: EngineApi) -> list[str]:
            found = [one for one in api.list_containers(prefix) if one["State"] in _STOPPED]
            return [name.removeprefix("/") for one in found for name in one["Names"]]

        names = self._ask(f"list the containers named `{prefix}*`", ask)
        return tuple(name for name in names if name.startswith(prefix))

    def remove_stopped_container(self, container: str) -> None:
        """Remove a container with its anonymous volumes, unless it runs again. One that is absent is fine."""
        self._ask_unless(
            {_NOT_FOUND, _CONFLICT},
            f"remove the container `{container}`",
            lambda api: api.remove_container(container, force=False),
        )

    def remove_container(self, container: str) -> None:
        """Kill and remove a container with its anonymous volumes. One that is absent, or going already, is fine."""
        self._ask_unless(
            {_NOT_FOUND, _CONFLICT},
            f"remove the container `{container}`",
            lambda api: api.remove_container(container, force=True),
        )

    def container_count_using(self, image_id: str) -> int:
        """How many containers, stopped ones included, were made from exactly this image ID."""
        found = self._ask("list the containers", lambda api: [one["ImageID"] for one in api.list_containers()])
        return found.count(image_id)

    def _ask(self, doing: str, request: Callable[[EngineApi], _T]) -> _T:
        from cargo_stow.backends.engine_errors import translated  # noqa: PLC0415

        with translated(self.address, doing):
            return request(self._connect())

    def _ask_unless(self, fine: set[int], doing: str, request: Callable[[EngineApi], _T]) -> _T | None:
        """Ask, and give None where the engine's answer has one of these status codes."""

        def guarded(api: EngineApi) -> _T | None:
            try:
                return request(api)
            except AnswerError as error:
                if error.status in fine and not isinstance(error, ForeignError):
                    return None
                raise

        return self._ask(doing, guarded)

    def _find_endpoint(self) -> Endpoint:
        if self._endpoint is None:
            self._endpoint = find_plain_endpoint(self._environment) or self._find_any_endpoint()
        return self._endpoint

    def _find_any_endpoint(self) -> Endpoint:
        from cargo_stow.backends.engine_sdk import find_endpoint  # noqa: PLC0415

        return find_endpoint(self._environment)

    def _connect(self) -> EngineApi:
        if self._api is None:
            self._api = EngineApi(self._make_transport(self._find_endpoint()), self._timeout)
        return self._api

    def _make_transport(self, endpoint: Endpoint) -> Transport:
        if endpoint.plain:
            from cargo_stow.backends.engine_http import HttpTransport  # noqa: PLC0415

            return HttpTransport(endpoint)
        from cargo_stow.backends.engine_sdk import SdkTransport, neutral  # noqa: PLC0415

        with neutral():
            return SdkTransport(self._connect_sdk())

    def _connect_sdk(self) -> docker.APIClient:
        from cargo_stow.backends.engine_sdk import connect  # noqa: PLC0415

        if self._client is None:
            self._client = connect(self._find_endpoint(), self._timeout)
        return self._client


@contextlib.contextmanager
def _at_most(seconds: int | None) -> Iterator[None]:
    """Leave quietly when waiting ends because its time is up."""
    try:
        yield
    except TimeoutError:
        if seconds is None:
            raise


def _refuse_digest(reference: ImageRef) -> None:
    if reference.digest:
        raise UsageError(
            f"`{reference}` cannot be a target: it has a digest, and that follows from the content",
            hint=f"write `{reference.name}:{reference.tag or 'latest'}`",
        )

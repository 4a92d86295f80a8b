"""The one module that talks to the Docker Engine API, through the Docker SDK.

Owns what is asked of an engine: images, tags, digests, pushes and containers. Must not start a process, print, or let
an exception of the SDK out. The SDK is imported with the first request, not with this module.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

from cargo_stow.backends.engine_values import familiar_name, make_container_state, make_image, make_platform
from cargo_stow.errors import EngineError, ImageNotFoundError, UsageError
from cargo_stow.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    import docker

    from cargo_stow.backends.engine_connection import Endpoint
    from cargo_stow.backends.engine_values import ContainerState, EngineImage
    from cargo_stow.backends.protocol import PushProgress
    from cargo_stow.model import Platform
    from cargo_stow.reference import ImageRef

_NOT_FOUND, _CONFLICT = 404, 409
_STOPPED = frozenset({"created", "exited", "dead"})
_T = TypeVar("_T")


class Engine:
    """An engine, at the address that the environment names. Nothing is asked, nor imported, before the first request.

    Every request may raise EngineStoppedError, EngineDeniedError, EngineError, and UsageError for an address that
    cannot be; the methods name what else they raise. One thread at a time.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._endpoint: Endpoint | None = None
        self._api: docker.APIClient | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back; the next request makes new ones."""
        if self._api is not None:
            self._api.close()
            self._api = None

    @property
    def address(self) -> str:
        """Where the engine is, for messages: without a password. Reads the context, asks nothing."""
        return self._find_endpoint().address

    def image(self, name: str) -> EngineImage | None:
        """Inspect an image by tag, `name@digest` or ID; None where the engine has none."""
        return self._ask_unless(
            {_NOT_FOUND},
            f"inspect the image `{name}`",
            lambda api: make_image(api.inspect_image(name)),  # type: ignore[no-untyped-call]
        )

    def tag(self, image: str, reference: ImageRef) -> None:
        """Give an image one more name, taking it from whichever has it. Raises ImageNotFoundError."""
        _refuse_digest(reference)
        name, tag = reference.name, reference.tagged.tag
        done = self._ask_unless(
            {_NOT_FOUND}, f"tag `{image}` as `{reference}`", lambda api: (api.tag(image, name, tag),)
        )
        if done is None:
            raise ImageNotFoundError(f"the engine at {self.address} has no image `{image}`")

    def untag(self, name: str) -> None:
        """Remove one name; the image goes with its last one. A name that is absent is fine.

        Never forced: the last name of an image that a container (even a stopped one) uses is an EngineError, whose
        detail names the container. Remove that first.
        """
        self._ask_unless({_NOT_FOUND}, f"remove the name `{name}`", lambda api: api.remove_image(name))

    def images_named(self, repository: str) -> tuple[EngineImage, ...]:
        """The images that have a tag `repository:*`."""
        name = familiar_name(parse_reference(repository))
        found = self._ask(f"list the images named `{name}`", lambda api: [str(one["Id"]) for one in api.images(name)])
        images = (self.image(identity) for identity in dict.fromkeys(found))  # One may go while we ask.
        return tuple(image for image in images if image and any(tag.startswith(f"{name}:") for tag in image.tags))

    def registry_digest(self, reference: ImageRef) -> str:
        """Ask the registry, through the engine, which digest a reference has now.

        Raises ImageNotFoundError, RegistryError, NoCredentialsError or RefusedError, and what `find_credentials` does.
        """
        from cargo_stow.backends.credentials import find_credentials  # noqa: PLC0415
        from cargo_stow.backends.registry_lookup import look_up_digest  # noqa: PLC0415

        credentials = find_credentials(reference.registry, self._environment)
        return self._ask(f"look up `{reference}`", lambda api: look_up_digest(api, reference.tagged, credentials))

    def platform(self) -> Platform:
        """What the engine itself runs on."""
        return self._ask("say its version", lambda api: make_platform(api.version()))

    def push(self, reference: ImageRef, progress: Callable[[PushProgress], None]) -> str:
        """Push a tag to its registry. Returns the digest `sha256:…` of the manifest that the registry has now.

        Raises ImageNotFoundError, RegistryError, NoCredentialsError or RefusedError, and what `find_credentials` does.
        """
        from cargo_stow.backends.credentials import find_credentials  # noqa: PLC0415
        from cargo_stow.backends.push import push_image  # noqa: PLC0415

        _refuse_digest(reference)
        tagged = reference.tagged
        if self.image(str(tagged)) is None:
            raise ImageNotFoundError(f"the engine at {self.address} has no image `{tagged}`", hint="build it first")
        credentials = find_credentials(tagged.registry, self._environment)
        api = self._ask(f"push `{tagged}`", lambda connected: connected)
        return self._confirm(tagged, push_image(api, self.address, tagged, credentials, progress))

    def _confirm(self, reference: ImageRef, digest: str) -> str:
        """Hold the digest of the stream against what the engine has noted; take the noted one if it named none."""
        image = self.image(str(reference))
        prefix = f"{familiar_name(reference)}@"
        noted = [name.removeprefix(prefix) for name in (image.digests if image else ()) if name.startswith(prefix)]
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

        def ask(api: docker.APIClient) -> ContainerState:
            state = make_container_state(api.inspect_container(container))
            if not state.running:
                return state
            with _at_most(within):
                api.wait(container, timeout=within)
            return make_container_state(api.inspect_container(container))

        return self._ask_unless({_NOT_FOUND}, f"inspect the container `{container}`", ask)

    def signal_container(self, container: str, signum: int) -> None:
        """Send a signal to a container's program. A container that is absent, or does not run, is fine."""
        self._ask_unless(
            {_NOT_FOUND, _CONFLICT},
            f"send signal {signum} to the container `{container}`",
            lambda api: api.kill(container, signal=signum),
        )

    def stopped_containers(self, prefix: str) -> tuple[str, ...]:
        """The names, of those that begin so, of containers that do not run (one that is paused does)."""
        found = self._ask(
            f"list the containers named `{prefix}*`", lambda api: api.containers(all=True, filters={"name": prefix})
        )
        names = (str(name).removeprefix("/") for one in found if one["State"] in _STOPPED for name in one["Names"])
        return tuple(name for name in names if name.startswith(prefix))

    def remove_stopped_container(self, container: str) -> None:
        """Remove a container with its anonymous volumes, unless it runs again. One that is absent is fine."""
        self._ask_unless(
            {_NOT_FOUND, _CONFLICT},
            f"remove the container `{container}`",
            lambda api: api.remove_container(container, v=True),
        )

    def remove_container(self, container: str) -> None:
        """Kill and remove a container with its anonymous volumes. One that is absent, or going already, is fine."""
        self._ask_unless(
            {_NOT_FOUND, _CONFLICT},
            f"remove the container `{container}`",
            lambda api: api.remove_container(container, v=True, force=True),
        )

    def container_count_using(self, image_id: str) -> int:
        """How many containers, stopped ones included, were made from exactly this image ID."""
        found = self._ask("list the containers", lambda api: [str(one["ImageID"]) for one in api.containers(all=True)])
        return found.count(image_id)

    def _ask(self, doing: str, request: Callable[[docker.APIClient], _T]) -> _T:
        from cargo_stow.backends.engine_errors import translated  # noqa: PLC0415

        endpoint = self._find_endpoint()
        with translated(endpoint.address, doing):
            return request(self._connect(endpoint))

    def _ask_unless(self, fine: set[int], doing: str, request: Callable[[docker.APIClient], _T]) -> _T | None:
        """Ask, and give None where the engine's answer has one of these status codes."""
        from docker.errors import APIError  # noqa: PLC0415

        def guarded(api: docker.APIClient) -> _T | None:
            try:
                return request(api)
            except APIError as error:
                if error.status_code in fine:
                    return None
                raise

        return self._ask(doing, guarded)

    def _find_endpoint(self) -> Endpoint:
        from cargo_stow.backends.engine_connection import find_endpoint  # noqa: PLC0415

        if self._endpoint is None:
            self._endpoint = find_endpoint(self._environment)
        return self._endpoint

    def _connect(self, endpoint: Endpoint) -> docker.APIClient:
        from cargo_stow.backends.engine_connection import connect  # noqa: PLC0415

        if self._api is None:
            self._api = connect(endpoint)
        return self._api


@contextlib.contextmanager
def _at_most(seconds: int | None) -> Iterator[None]:
    """Leave quietly when waiting ends because its time is up."""
    from cargo_stow.backends.engine_errors import is_timeout  # noqa: PLC0415

    try:
        yield
    except OSError as error:  # requests' own are
        if seconds is None or not is_timeout(error):
            raise


def _refuse_digest(reference: ImageRef) -> None:
    if reference.digest:
        raise UsageError(
            f"`{reference}` cannot be a target: it has a digest, and that follows from the content",
            hint=f"write `{reference.name}:{reference.tag or 'latest'}`",
        )

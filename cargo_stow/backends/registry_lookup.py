"""One question to a registry, through the engine: which digest does a reference have now?

Source: the Docker Engine API, `DistributionInspect`. Imports the SDK: import this module when it is needed only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from docker.errors import APIError

from cargo_stow.backends.engine_sdk import is_timeout
from cargo_stow.backends.registry_errors import make_lookup_error
from cargo_stow.errors import RegistryError, StowError

if TYPE_CHECKING:
    import docker

    from cargo_stow.oci.credentials import Credentials
    from cargo_stow.reference import ImageRef


def look_up_digest(api: docker.APIClient, reference: ImageRef, credentials: Credentials) -> str:
    """Ask for the digest. Raises StowErrors for the registry's refusals; call it within `translated` for the rest.

    They are raised outside the `except`: the engine's unmasked words must not stay in the chain.
    """
    failure: StowError
    try:
        answer = api.inspect_distribution(  # type: ignore[no-untyped-call]
            str(reference), auth_config=credentials.as_auth_config()
        )
        return str(answer["Descriptor"]["digest"])
    except APIError as error:
        failure = make_lookup_error(str(error.explanation or ""), error.status_code or 0, reference, credentials)
    except requests.RequestException as error:
        if not is_timeout(error):
            raise
        failure = RegistryError(f"the registry {reference.registry} did not answer in time about `{reference}`")
    raise failure

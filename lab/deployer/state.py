"""What the in-process deployer made, in a file of mode 0600 that is written after every step."""

import json
import threading
from dataclasses import asdict, dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from lab.deployer.result import DeployError
from lab.folders import private_file

VERSION = 1


@dataclass(frozen=True)
class Identity:
    """Which object of the cluster it is; no namespace for cluster-wide kinds."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"

    @property
    def group(self) -> str:
        """The API group, empty for the core one."""
        return self.api_version.rpartition("/")[0]

    def is_same_object(self, other: "Identity") -> bool:
        """Whether it's the same object, perhaps in another version of its API group."""
        return replace(self, api_version=self.group) == replace(other, api_version=other.group)


@dataclass
class Record:
    """One resource."""

    urn: str
    type: str
    id: str = ""
    custom: bool = False
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list[str])
    protect: bool = False
    retain: bool = False
    deleted_with: str = ""
    digests: dict[str, str] = field(default_factory=dict[str, str])
    """A fingerprint of each top-level input."""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """What can't be had again: random bytes, and how a provider reaches its cluster."""
    object: Identity | None = None
    propagation: str = "Foreground"
    delete_seconds: float = 600
    pending_since: str = ""
    """Set while the object is made, as a timestamp of Kubernetes: after a crash it may exist."""
    unready: bool = False
    """The object was written, but what was waited for didn't come."""

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def needs(self) -> set[str]:
        """The URNs that must outlive this resource."""
        return {urn for urn in (*self.dependencies, self.parent, self.provider) if urn}


class State:
    """The resources of one stack; may be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Read the file, or begin empty if there's none.

        Raises:
            DeployError: the file isn't one of this deployer.
        """
        self._path = path
        self._lock = threading.Lock()
        self.resources: dict[str, Record] = {}
        self.replaced: list[Record] = []
        """Successors of these are in place; they're deleted when the program has ended."""
        if path.exists():
            try:
                content = _checked(json.loads(path.read_text()))
                self.resources = {entry["urn"]: _record(entry) for entry in content["resources"]}
                self.replaced = [_record(entry) for entry in content["replaced"]]
            except (ValueError, KeyError, TypeError) as error:
                raise DeployError(
                    f"{path} can't be read. It isn't a state of this version of the in-process "
                    "deployer. Restore it from a backup, or delete what it made by hand and then "
                    "the file."
                ) from error

    def keep(self, record: Record) -> None:
        """Remember a resource, or what is new about it."""
        with self._lock:
            self.resources[record.urn] = record
            self._save()

    def forget(self, record: Record) -> None:
        """The resource is gone."""
        with self._lock:
            if self.resources.get(record.urn) is record:
                del self.resources[record.urn]
            self.replaced = [entry for entry in self.replaced if entry is not record]
            self._save()

    def supersede(self, record: Record) -> None:
        """Another record will take the place of this one, which is deleted later."""
        with self._lock:
            self.replaced.append(record)
            del self.resources[record.urn]
            self._save()

    def rename(self, old: str, new: str) -> None:
        """A resource has another URN now; what refers to it follows."""

        def now(urn: str) -> str:
            return new if urn == old else urn

        with self._lock:
            moved = replace(self.resources.pop(old), urn=new)
            self.resources[new] = moved
            for record in (*self.resources.values(), *self.replaced):
                record.parent = now(record.parent)
                record.provider = now(record.provider)
                record.deleted_with = now(record.deleted_with)
                record.dependencies = [now(urn) for urn in record.dependencies]
            self._save()

    def _save(self) -> None:
        content = {
            "version": VERSION,
            "deployer": "in-process (simulated: not the Pulumi engine)",
            "resources": [asdict(record) for record in self.resources.values()],
            "replaced": [asdict(record) for record in self.replaced],
        }
        private_file(self._path, json.dumps(content, indent=1) + "\n")


def deletion_order(records: list[Record]) -> list[Record]:
    """Dependents before what they depend on; among equals the newest first."""
    by_urn: dict[str, list[Record]] = {}
    for record in records:
        by_urn.setdefault(record.urn, []).append(record)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for urn, group in by_urn.items():
        needs = {need for record in group for need in record.needs}
        sorter.add(urn, *(need for need in by_urn if need in needs and need != urn))
    order = list(sorter.static_order())
    return [record for urn in reversed(order) for record in reversed(by_urn[urn])]


def _checked(content: dict[str, Any]) -> dict[str, Any]:
    if content["version"] != VERSION:
        raise ValueError(content["version"])
    return content


def _record(entry: dict[str, Any]) -> Record:
    identity = entry.pop("object")
    return Record(**entry, object=Identity(**identity) if identity else None)

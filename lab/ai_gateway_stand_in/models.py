"""The models that the AIGatewayRoutes declare: ext_proc answers /v1/models with them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from lab.ai_gateway_stand_in.objects import Object, items, part, text
from lab.folders import private_file

MODEL_HEADER = "x-ai-eg-model"
OWNER = "Envoy AI Gateway"


@dataclass(frozen=True)
class Models:
    """All models in the order of the routes, and those of each hostname that a route has."""

    every: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    by_host: dict[str, list[dict[str, object]]] = field(
        default_factory=dict[str, list[dict[str, object]]]
    )
    unscoped: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    def of_host(self, host: str) -> list[dict[str, object]]:
        """Those of a host, as AI Gateway 1.1 lists them: all when no route has a hostname."""
        if not self.by_host:
            return self.every
        wildcard = f"*.{host.partition('.')[2]}"
        return self.by_host.get(host, self.by_host.get(wildcard, self.unscoped))

    def write(self, file: Path) -> None:
        """Replace the file in one step."""
        private_file(file, json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> "Models":
        """What the controller wrote last; none when it hasn't yet."""
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return cls()


def declared(routes: Iterable[Object]) -> Models:
    """The models that the routes' exact matches of `x-ai-eg-model` name."""
    models = Models()
    for route in routes:
        hosts = [
            str(host) for host in cast("list[object]", part(route, "spec").get("hostnames") or [])
        ]
        for model in _of_route(route):
            models.every.append(model)
            for host in hosts:
                models.by_host.setdefault(host, []).append(model)
            if not hosts:
                models.unscoped.append(model)
    for host in models.by_host:
        models.by_host[host].extend(models.unscoped)
    return models


def _of_route(route: Object) -> list[dict[str, object]]:
    made = text(part(route, "metadata"), "creationTimestamp", "1970-01-01T00:00:00Z")
    return [
        {
            "id": text(header, "value"),
            "created": int(datetime.fromisoformat(text(rule, "modelsCreatedAt", made)).timestamp()),
            "object": "model",
            "owned_by": text(rule, "modelsOwnedBy", OWNER),
        }
        for rule in items(part(route, "spec"), "rules")
        for match in items(rule, "matches")
        for header in items(match, "headers")
        if header.get("type", "Exact") == "Exact" and header.get("name") == MODEL_HEADER
    ]

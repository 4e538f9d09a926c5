"""The kinds of value that a field can hold, each with its rule and remedy."""

import ipaddress
import re
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from .base import MAY_BE_PENDING, broken

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_CLIENT_ID = re.compile(r"[-._a-zA-Z0-9]+")
_GROUP = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?")
_DAYS = re.compile(r"[1-9][0-9]{0,3}d")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|[kMGTPE]i?)?")
_DURATION = re.compile(r"([0-9]{1,5}(h|m|s|ms)){1,4}")
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")
_LABEL_LENGTH = 63
_NAME_LENGTH = 253
_PORTS = 65535
_BEARER = "bearer "
SHORTEST_KEY = 32
"""Bytes of the shortest key that may be imported."""
LONGEST_KEY = 1024
"""Bytes of the longest key that may be imported; a header has room for more, a Secret has not."""

PREVIOUS = ".previous"
"""End of the client id of the key before a consumer's present one, while both are valid."""
LONGEST_CLIENT_ID = _NAME_LENGTH - len(PREVIOUS)

# Headers that carry the request itself, the credential, the route's model or Envoy's own facts: an
# identity written into one of them would break the request or be overwritten by Envoy.
RESERVED_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
        "x-ai-eg-model",
        "x-api-key",
        "x-request-id",
    }
)
RESERVED_PREFIXES = ("x-envoy-", "x-forwarded-", "x-gateway-", "sec-", "proxy-")


def _label(value: str) -> str:
    if len(value) > _LABEL_LENGTH or not _LABEL.fullmatch(value):
        raise broken(
            "a DNS label has 1 to 63 characters of a-z, 0-9 and '-', and starts and ends with a "
            "letter or digit, because Kubernetes refuses any other.",
            "write it in lower case with '-' between words, e.g. maas-system.",
        )
    return value


def is_resource_name(value: str) -> bool:
    """Whether Kubernetes takes it for the name of an object."""
    return len(value) <= _NAME_LENGTH and all(_LABEL.fullmatch(part) for part in value.split("."))


def _resource_name(value: str) -> str:
    if not is_resource_name(value):
        raise broken(
            "a Kubernetes name has at most 253 characters of a-z, 0-9, '-' and '.', and each part "
            "starts and ends with a letter or digit, because the API server refuses any other.",
            "write it in lower case with '-' between words, e.g. maas-tls.",
        )
    return value


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_domain(host: str) -> bool:
    return len(host) <= _NAME_LENGTH and all(
        len(part) <= _LABEL_LENGTH and _LABEL.fullmatch(part) for part in host.split(".")
    )


def _hostname(value: str) -> str:
    bare = value.removeprefix("*.")
    if not _is_domain(bare) or _is_ip_address(bare):
        raise broken(
            "a listener's hostname is a DNS name in lower case, with or without a leading '*.', "
            "because the Gateway API takes neither IP addresses nor ports there.",
            "write e.g. models.example.com or *.example.com, and give the port as `port`.",
        )
    return value


def _domain(value: str) -> str:
    if not _is_domain(value) or _is_ip_address(value):
        raise broken(
            "a backend's hostname is a DNS name in lower case without scheme, path or port, "
            "because Envoy Gateway looks it up in DNS.",
            "write e.g. api.openai.com, and give the port as `port`.",
        )
    return value


def _address(value: str) -> str:
    parts = urlsplit(f"//{value}")
    try:
        port_is_number = parts.port is None or parts.port > 0
    except ValueError:
        port_is_number = False
    if not port_is_number or parts.path or parts.query or parts.username is not None:
        host = ""
    else:
        host = parts.hostname or ""
    if host != parts.netloc.lower().rpartition(":")[0] and host != parts.netloc.lower():
        host = ""
    if not _is_domain(host):
        raise broken(
            "an address is a host name, with or without ':port', and nothing else, because the "
            "issuer and JWKS URLs are derived from it.",
            "leave out the scheme and the path, e.g. idp.example.com.",
        )
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
        parts = urlsplit("")
    if not valid or parts.query or parts.fragment or parts.username is not None:
        raise broken(
            "a URL here is absolute, with https (or http), a host and no query, fragment or "
            "user, because it is compared with the token's `iss` letter by letter.",
            "write e.g. https://idp.example.com/realms/platform.",
        )
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value) or "_" in value:
        raise broken(
            "a header name has only letters, digits and '-' (underscores are dropped or mistaken "
            "for '-' by servers behind the gateway).",
            "write e.g. x-user-id.",
        )
    return value


def _identity_header(value: str) -> str:
    name = _header(value).lower()
    if name in RESERVED_HEADERS or name.startswith(RESERVED_PREFIXES):
        raise broken(
            "an identity can't be written to a header that carries the request, the credential, "
            "the model or Envoy's own facts, because one would overwrite the other.",
            "use a header of its own, e.g. x-user-id.",
        )
    return name


def _data_key(value: str) -> str:
    if not _CLIENT_ID.fullmatch(value) or len(value) > _NAME_LENGTH:
        raise broken(
            "a data key of a Secret has 1 to 253 characters of a-z, A-Z, 0-9, '-', '_' and '.', "
            "because the API server refuses any other.",
            "replace the other characters, e.g. api-key.",
        )
    return value


def _client_id(value: str) -> str:
    if not _CLIENT_ID.fullmatch(value) or len(value) > LONGEST_CLIENT_ID:
        raise broken(
            f"a client id has 1 to {LONGEST_CLIENT_ID} characters of a-z, A-Z, 0-9, '-', '_' and "
            "'.', because it is a data key of the Secret, where the key before it needs room for "
            f"{PREVIOUS}, and the value of the identity header.",
            "replace the other characters, e.g. ci-runner or search.alice.",
        )
    if value.endswith(PREVIOUS):
        raise broken(
            f"a client id does not end in {PREVIOUS}, because that names the key before a "
            "consumer's present one.",
            "choose another end.",
        )
    return value


def _group(value: str) -> str:
    if len(value) > _LABEL_LENGTH or not _GROUP.fullmatch(value):
        raise broken(
            "a team or tier has 1 to 63 characters of a-z, A-Z, 0-9, '-', '_' and '.', and starts "
            "and ends with a letter or digit, because it becomes the value of a header and part "
            "of a limit's rule.",
            "replace the other characters, e.g. search.",
        )
    return value


def _days(value: str) -> str:
    if not _DAYS.fullmatch(value):
        raise broken(
            "a life of a key is counted in whole days, 1d to 9999d, because it is only looked at "
            "when `up` runs.",
            "write e.g. 7d or 90d.",
        )
    return value


def days(value: str) -> timedelta:
    """A field of type `Days` as a duration."""
    return timedelta(days=int(value.removesuffix("d")))


def imported_key_rule(value: str) -> str | None:
    """What makes a value unfit for a key, or None. The text does not hold the value."""
    if value[: len(_BEARER)].lower() == _BEARER:
        return "it begins with `Bearer `, which Envoy strips from a request before it compares"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "it has white space or characters that a header can't carry"
    if len(value) < SHORTEST_KEY:
        return f"it is shorter than {SHORTEST_KEY} bytes, which can be guessed"
    if len(value) > LONGEST_KEY:
        return f"it is longer than {LONGEST_KEY} bytes, which no header should be"
    return None


def _imported_key(value: str) -> str:
    rule = imported_key_rule(value)
    if rule is not None:
        raise broken(
            f"this can't be a key: {rule}.",
            "import the bare key, or leave the import out and hand over a new key.",
        )
    return value


def _port(value: int) -> int:
    if not 1 <= value <= _PORTS:
        raise broken("a port is a number from 1 to 65535.", "choose a free port, e.g. 443 or 8443.")
    return value


def _quantity(value: str) -> str:
    if not _QUANTITY.fullmatch(value):
        raise broken(
            "a quantity is a number with an optional Kubernetes suffix (m, k, Ki, M, Mi, G, Gi).",
            "write e.g. 500m, 2 or 50Mi.",
        )
    return value


def _duration(value: str) -> str:
    if not _DURATION.fullmatch(value):
        raise broken(
            "a duration is one to four numbers of at most five digits, each with h, m, s or ms, "
            "as the Gateway API writes it.",
            "write e.g. 300s or 1h30m.",
        )
    return value


def _cidr(value: str) -> str:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        network = None
    if network is None or not value.endswith(f"/{network.prefixlen}"):
        raise broken(
            "a client CIDR is a network with its prefix length and no host bits set.",
            "write e.g. 10.0.0.0/8 or 2001:db8::/32.",
        )
    return value


def _not_empty(value: str) -> str:
    if not value.strip():
        raise broken("the value is empty.", "give a value, or leave the field out.")
    return value


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise broken("a version is three numbers.", "write e.g. 1.1.0.")
    return value


def _http_path(value: str) -> str:
    if not value.startswith("/"):
        raise broken("a path starts with '/'.", "write e.g. /check.")
    return value


def _date_text(value: object) -> object:
    """Pulumi hands an unquoted date over as Go prints it (3.259): 2027-01-31 00:00:00 +0000 UTC."""
    return value.removesuffix(" 00:00:00 +0000 UTC") if isinstance(value, str) else value


def _number_as_text(value: object) -> object:
    """YAML reads `2` and `1.3` as numbers; where a text is wanted, that is what was meant."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


DnsLabel = Annotated[str, AfterValidator(_label)]
LateDnsLabel = Annotated[DnsLabel, MAY_BE_PENDING]
ResourceName = Annotated[str, AfterValidator(_resource_name)]
LateResourceName = Annotated[ResourceName, MAY_BE_PENDING]
Hostname = Annotated[str, AfterValidator(_hostname), MAY_BE_PENDING]
Domain = Annotated[str, AfterValidator(_domain), MAY_BE_PENDING]
Address = Annotated[str, AfterValidator(_address), MAY_BE_PENDING]
Url = Annotated[str, AfterValidator(_url), MAY_BE_PENDING]
HeaderName = Annotated[str, AfterValidator(_header)]
IdentityHeader = Annotated[str, AfterValidator(_identity_header)]
ClientId = Annotated[str, AfterValidator(_client_id)]
DataKey = Annotated[str, AfterValidator(_data_key)]
Group = Annotated[str, AfterValidator(_group)]
Days = Annotated[
    str, BeforeValidator(_number_as_text, json_schema_input_type=str), AfterValidator(_days)
]
ImportedKey = Annotated[str, AfterValidator(_imported_key), MAY_BE_PENDING]
Port = Annotated[int, Field(strict=True), AfterValidator(_port)]
Quantity = Annotated[
    str,
    BeforeValidator(_number_as_text, json_schema_input_type=str | int | float),
    AfterValidator(_quantity),
]
Duration = Annotated[str, AfterValidator(_duration)]
Cidr = Annotated[str, AfterValidator(_cidr), MAY_BE_PENDING]
HttpPath = Annotated[str, AfterValidator(_http_path)]
Date = Annotated[date, BeforeValidator(_date_text)]
NonEmpty = Annotated[str, AfterValidator(_not_empty), MAY_BE_PENDING]
VersionText = Annotated[
    str,
    BeforeValidator(_number_as_text, json_schema_input_type=str | int | float),
    AfterValidator(_not_empty),
]
Version = Annotated[VersionText, AfterValidator(_version)]

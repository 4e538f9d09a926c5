import base64
import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from lab.errors import LabError
from lab.issuer import AUDIENCE, KEY_FILE, SUBJECT, Issuer, IssuerServer
from lab.ports import free_port


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("issuer")
    server = IssuerServer(folder, free_port())
    server.start()
    yield folder
    server.stop()


@pytest.fixture(scope="module")
def issuer(folder: Path) -> Issuer:
    return Issuer(folder)


@pytest.fixture(scope="module")
def keys(issuer: Issuer) -> KeySet:
    """As Envoy finds them: discovery first, then the key set that it names."""
    discovery = httpx.get(issuer.discovery_uri).json()
    assert discovery["issuer"] == issuer.url
    return KeySet.import_key_set(httpx.get(discovery["jwks_uri"]).json())


def claims_of(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_token_is_signed_by_a_published_key(issuer: Issuer, keys: KeySet) -> None:
    claims = jwt.decode(issuer.token(), keys).claims
    assert claims["iss"] == issuer.url
    assert claims["aud"] == AUDIENCE
    assert claims["sub"] == SUBJECT
    assert claims["iat"] <= time.time() < claims["exp"]


def test_claims_are_chosen_or_left_out(issuer: Issuer, keys: KeySet) -> None:
    token = issuer.token(sub="bob", groups=["a", "b"], exp=None)
    claims = jwt.decode(token, keys).claims
    assert (claims["sub"], claims["groups"]) == ("bob", ["a", "b"])
    assert "exp" not in claims


def test_each_bad_token_is_bad_in_one_way_only(issuer: Issuer, keys: KeySet) -> None:
    good = claims_of(issuer.token())
    wrong = {
        "exp": issuer.expired(),
        "aud": issuer.wrong_audience(),
        "iss": issuer.wrong_issuer(),
    }
    for name, token in wrong.items():
        claims = jwt.decode(token, keys).claims
        different = {key for key in good if claims[key] != good[key]}
        assert name in different
        assert different <= {name, "iat", "exp"}
    assert claims_of(wrong["exp"])["exp"] < time.time() - 60  # type: ignore[operator]


def test_a_foreign_key_does_not_verify(issuer: Issuer, keys: KeySet) -> None:
    with pytest.raises(BadSignatureError):
        jwt.decode(issuer.foreign(), keys)


def test_an_unsigned_token_has_no_signature(issuer: Issuer) -> None:
    token = issuer.unsigned()
    assert token.endswith(".")
    assert claims_of(token)["iss"] == issuer.url


def test_the_private_key_is_neither_served_nor_readable_by_others(
    issuer: Issuer, folder: Path
) -> None:
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    (public,) = httpx.get(issuer.jwks_uri).json()["keys"]
    assert "d" not in public


def test_a_restart_is_the_same_issuer(tmp_path: Path) -> None:
    server = IssuerServer(tmp_path, free_port())
    server.start()
    token = Issuer(tmp_path).token()
    server.stop()
    server.start()
    keys = KeySet.import_key_set(httpx.get(Issuer(tmp_path).jwks_uri).json())
    assert jwt.decode(token, keys).claims["sub"] == SUBJECT
    server.stop()


def test_no_issuer_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="Start the lab first"):
        Issuer(tmp_path)

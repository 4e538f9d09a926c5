"""An OIDC issuer that looks like Dex: discovery, JWKS, and tokens with any claims a test wants.

The keys and tokens come from joserfc. oidc-provider-mock isn't used: its tokens come only out of a
browser's code flow, its access tokens aren't JWTs, its `iss` has no path and `aud` is the client.
"""

import base64
import json
import sys
import time
from pathlib import Path

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lab.errors import LabError
from lab.folders import private_file
from lab.ports import answers
from lab.process import Process

AUDIENCE = "ai-gateway"
SUBJECT = "alice"
LIFETIME_SECONDS = 3600
ALGORITHM = "RS256"
ISSUER_FILE = "issuer.json"
KEY_FILE = "issuer-key.json"
START_SECONDS = 20


def issuer_url(port: int) -> str:
    """The issuer's URL; the path is the one that Dex has in its own examples."""
    return f"http://localhost:{port}/dex"


class IssuerServer:
    """The issuer as a process on 127.0.0.1; a key that's already in the folder is kept."""

    def __init__(self, folder: Path, port: int, *, log: Path | None = None) -> None:
        """Describe it; the log is `issuer.log` in the folder unless given."""
        self.folder = folder
        self.port = port
        self.url = issuer_url(port)
        command = [sys.executable, "-m", "lab.issuer", folder, str(port)]
        root = Path(__file__).resolve().parent.parent
        self._process = Process(
            "OIDC issuer", command, log=log or folder / "issuer.log", directory=root
        )

    def start(self) -> None:
        """Write key and address to the folder, and serve them.

        Raises:
            LabError: it didn't answer within 20 s.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / KEY_FILE).exists():
            private_file(
                self.folder / KEY_FILE, json.dumps(_new_key("lab-1").as_dict(private=True))
            )
        private_file(self.folder / ISSUER_FILE, json.dumps({"url": self.url}))
        self._process.start()
        self._process.wait_until(lambda: answers(self.port), timeout=START_SECONDS)

    def stop(self) -> None:
        """End the process; the key stays, so that a restart is the same issuer."""
        self._process.stop()


class Issuer:
    """Makes tokens in the name of the issuer whose server wrote the folder."""

    def __init__(self, folder: Path) -> None:
        """Read address and key.

        Raises:
            LabError: no issuer was ever started with this folder.
        """
        try:
            self.url: str = json.loads((folder / ISSUER_FILE).read_text())["url"]
            self._key = RSAKey.import_key(json.loads((folder / KEY_FILE).read_text()))
        except FileNotFoundError as missing:
            raise LabError(
                f"There's no OIDC issuer in {folder}. Its server writes the key there when it "
                "starts. Start the lab first."
            ) from missing

    @property
    def jwks_uri(self) -> str:
        """Where the public keys are: the path that Dex uses."""
        return f"{self.url}/keys"

    @property
    def discovery_uri(self) -> str:
        """Where the discovery document is."""
        return f"{self.url}/.well-known/openid-configuration"

    def claims(self, **claims: object) -> dict[str, object]:
        """The claims of a good token; each can be replaced, or left out by None."""
        now = int(time.time())
        good: dict[str, object] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": SUBJECT,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        return {name: value for name, value in (good | claims).items() if value is not None}

    def token(self, **claims: object) -> str:
        """A token signed by the issuer, good unless the claims make it bad."""
        return self._sign(self._key, claims)

    def expired(self, **claims: object) -> str:
        """Expired an hour ago: Envoy 1.39 forgives 60 s of clock skew."""
        now = int(time.time())
        return self.token(**{"iat": now - 7200, "exp": now - 3600} | claims)

    def wrong_audience(self, **claims: object) -> str:
        """For somebody else."""
        return self.token(**{"aud": "another-service"} | claims)

    def wrong_issuer(self, **claims: object) -> str:
        """Signed with the right key in the name of another issuer."""
        return self.token(**{"iss": "https://issuer.example.com"} | claims)

    def foreign(self, **claims: object) -> str:
        """Every claim right, and signed by another key that has the same id."""
        return self._sign(_new_key(self._key.kid or ""), claims)

    def unsigned(self, **claims: object) -> str:
        """Every claim right, with `alg: none` and no signature."""
        header = {"alg": "none", "typ": "JWT"}
        return f"{_encode(header)}.{_encode(self.claims(**claims))}."

    def _sign(self, key: RSAKey, claims: dict[str, object]) -> str:
        header = {"alg": ALGORITHM, "kid": key.kid}
        return jwt.encode(header, self.claims(**claims), key, algorithms=[ALGORITHM])


def _new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": ALGORITHM})


def _encode(part: dict[str, object] | dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def application(folder: Path) -> Starlette:
    """What the process serves: discovery and JWKS below the issuer's path, and nothing secret."""
    issuer = Issuer(folder)
    public = RSAKey.import_key(json.loads((folder / KEY_FILE).read_text())).as_dict(private=False)
    discovery = {
        "issuer": issuer.url,
        "authorization_endpoint": f"{issuer.url}/auth",
        "token_endpoint": f"{issuer.url}/token",
        "jwks_uri": issuer.jwks_uri,
        "userinfo_endpoint": f"{issuer.url}/userinfo",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": ["openid", "email", "groups", "profile", "offline_access"],
    }

    async def serve_discovery(_: Request) -> JSONResponse:
        return JSONResponse(discovery)

    async def serve_keys(_: Request) -> JSONResponse:
        return JSONResponse({"keys": [public]})

    return Starlette(
        routes=[
            Route("/dex/.well-known/openid-configuration", serve_discovery),
            Route("/dex/keys", serve_keys),
        ]
    )


def main() -> None:
    """Serve the folder's issuer: `python -m lab.issuer FOLDER PORT`."""
    uvicorn.run(
        application(Path(sys.argv[1])),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()

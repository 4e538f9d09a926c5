"""Where the lab writes: `.lab/` of the repository and the user cache folder, nowhere else."""

import os
from pathlib import Path

import platformdirs

REPOSITORY = Path(__file__).resolve().parent.parent
LAB = REPOSITORY / ".lab"
RUN = LAB / "run"
LOGS = LAB / "logs"
SERVER_LOG = LOGS / "server.log"
KUBECONFIG = RUN / "kubeconfig"
CACHE_VARIABLE = "AI_GATEWAY_AUTH_CACHE"


def cache() -> Path:
    """The user cache folder, made if missing; `AI_GATEWAY_AUTH_CACHE` overrides it."""
    chosen = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("ai-gateway-auth")
    folder = Path(chosen).expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def private_file(path: Path, content: str | bytes) -> Path:
    """Write a file that only its owner can read, replacing an older one in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    temporary.replace(path)
    return path

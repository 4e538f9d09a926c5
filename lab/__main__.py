"""The lab's command line: `python -m lab up`, `down` and `status`."""

import sys

import typer

from lab import info
from lab.client import Lab
from lab.errors import LabError
from lab.info import Info

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def up() -> None:
    """Start a lab with an empty cluster; it runs until `down`."""
    if info.read() is not None:
        raise LabError(
            "A lab runs here already. Two can't run at once, since Envoy Gateway's ports are "
            "fixed. End it with `python -m lab down`, or use it: `python -m lab status`."
        )
    _show(Lab.start(stay=True).info)


@app.command()
def down() -> None:
    """End the lab of this repository; no error if none runs."""
    if info.read() is None:
        print("No lab runs in this repository.")
        return
    Lab.attach().stop()
    print("The lab has ended.")


@app.command()
def status() -> None:
    """Say what runs."""
    _show(Lab.attach().info)


def _show(found: Info) -> None:
    versions = found["versions"]
    rows = {
        "KUBECONFIG": found["kubeconfig"],
        "API server": f"{found['api_server']}, Kubernetes {versions['kubernetes']}",
        "Envoy Gateway": f"{versions['envoy_gateway']}, {found['envoy_gateway_build']}",
        "Envoy": versions["envoy"],
        "AI Gateway": found["ai_gateway"],
        "AI Gateway's CRDs": found["ai_gateway_crds"],
        "OIDC issuer": found["issuer_url"],
        "upstream": found["upstream_url"],
        "kubectl": found["kubectl"],
        "logs": found["logs"],
        "processes": ", ".join(f"{name} {pid}" for name, pid in found["processes"].items()),
        "started in": f"{found['start_seconds']} s",
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:{width}}  {value}")


def main() -> None:
    """Run a command; an error of the lab is one message, not a traceback."""
    try:
        app()
    except LabError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

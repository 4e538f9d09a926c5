"""The lab's command line: `python -m lab up`, `down`, `status`, `demo` and others."""

import sys
from typing import Annotated

import typer

from lab import demo as demonstration
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


@app.command()
def demo(
    *, keep: Annotated[bool, typer.Option(help="Leave the cluster running at the end.")] = False
) -> None:
    """Deploy the dev stack in a lab of its own and send requests; fails if one isn't denied."""
    sys.exit(demonstration.command(keep=keep))


@app.command()
def demo_down() -> None:
    """End the lab that `demo --keep` left running; no error if none runs."""
    down()


@app.command()
def real_tools() -> None:
    """Name the programs that no package registry has; fails if one is missing."""
    # Imported here: it loads protobuf's descriptors of Envoy, which takes a while.
    from lab import real_tools as found  # noqa: PLC0415

    tools = found.real_tools()
    for tool in tools:
        print(f"{tool.name:26} {tool.version or f'missing ({tool.where})'}")
    missing = [tool for tool in tools if tool.version is None]
    if missing:
        raise LabError(
            f"{len(missing)} of {len(tools)} programs are missing. The tests with the real tools "
            "can't run without them. Put them where each line says."
        )


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

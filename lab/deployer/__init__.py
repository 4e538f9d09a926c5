"""Deploying a Pulumi program into the lab, with the Pulumi CLI or without it.

Both deployers say in every output which of them ran.
"""

from lab.deployer.in_process import InProcess
from lab.deployer.pulumi_cli import PulumiCli
from lab.deployer.pulumi_stack import missing_programs
from lab.deployer.result import Deployer, DeployError, Deployment, Secret

__all__ = [
    "DeployError",
    "Deployer",
    "Deployment",
    "InProcess",
    "PulumiCli",
    "Secret",
    "choose",
    "missing_programs",
]


def choose() -> Deployer:
    """The Pulumi CLI if it and its plugins are on PATH, else the in-process deployer."""
    return InProcess() if missing_programs() else PulumiCli()

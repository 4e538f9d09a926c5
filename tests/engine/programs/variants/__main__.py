"""The gateway of a stack as other programs make it; the variable VARIANT says which."""

import os

import pulumi
import pulumi_kubernetes as kubernetes
from ai_gateway_auth import AuthenticatedGateway, KubernetesProvider
from ai_gateway_auth.program import NAME, stack_args

OTHER_NAME = "other"
match os.environ["VARIANT"]:
    case "plain-provider":
        given = kubernetes.Provider("cluster", enable_secret_mutable=True)
        AuthenticatedGateway(NAME, stack_args(), pulumi.ResourceOptions(providers=[given]))
    case "our-provider":
        given = KubernetesProvider("cluster")
        AuthenticatedGateway(NAME, stack_args(), pulumi.ResourceOptions(providers=[given]))
    case "renamed":
        AuthenticatedGateway(OTHER_NAME, stack_args())
    case "renamed-with-alias":
        alias = pulumi.Alias(name=NAME)
        AuthenticatedGateway(OTHER_NAME, stack_args(), pulumi.ResourceOptions(aliases=[alias]))
    case unknown:
        raise ValueError(unknown)

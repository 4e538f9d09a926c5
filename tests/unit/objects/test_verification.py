import shlex

import pytest
from ai_gateway_auth.models.listener import Listener
from ai_gateway_auth.objects.verification import listener_url, verify_command

URLS: list[tuple[dict[str, object], str, str]] = [
    ({"port": 80}, "192.0.2.1", "http://192.0.2.1"),
    ({"port": 8080}, "192.0.2.1", "http://192.0.2.1:8080"),
    ({"port": 8080}, "", "http://GATEWAY-ADDRESS:8080"),
    ({"port": 8080}, "2001:db8::1", "http://[2001:db8::1]:8080"),
    ({"port": 443, "tls": {}, "hostname": "a.example.com"}, "x", "https://a.example.com"),
    ({"port": 443, "hostname": "a.example.com"}, "x", "http://a.example.com:443"),
    ({"port": 443, "tls": {}, "hostname": "*.example.com"}, "x", "https://*.example.com"),
]


@pytest.mark.parametrize(("listener", "address", "url"), URLS)
def test_url(listener: object, address: str, url: str) -> None:
    assert listener_url(Listener.model_validate(listener), address) == url


def test_command_asks_for_each_policy_and_each_listener() -> None:
    command = verify_command("maas", ["one", "two"], ["http://a:1", "http://b:2"])
    parts = [shlex.split(part) for part in command.split(" && ")]
    assert [part[:5] for part in parts[:2]] == [
        ["kubectl", "-n", "maas", "get", "securitypolicy"],
        ["kubectl", "-n", "maas", "get", "securitypolicy"],
    ]
    assert [part[5] for part in parts[:2]] == ["one", "two"]
    assert parts[0][-1] == (
        'jsonpath={.status.ancestors[*].conditions[?(@.type=="Accepted")].status}{"\\n"}'
    )
    assert [part[-1] for part in parts[2:]] == ["http://a:1/v1/models", "http://b:2/v1/models"]
    assert all("authorization" not in " ".join(part).lower() for part in parts)


def test_a_wildcard_is_not_expanded_by_the_shell() -> None:
    command = verify_command("maas", [], ["https://*.example.com"])
    assert "'https://*.example.com/v1/models'" in command

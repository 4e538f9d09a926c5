"""The identity of an API-key client: the script that names it, and the policy that runs the script.

https://gateway.envoyproxy.io/docs/api/extension_types/#envoyextensionpolicyspec. Envoy runs it
behind authentication and the AI Gateway's ext_proc, and before access rules, limits and the
backend, which see what it wrote; ext_proc's own metrics do not (Envoy Gateway 1.9.1).
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from .metadata import Spec, gateway_reference

SCRIPT_LIMIT = 1_000_000
"""Bytes that a script may have: 30,000 consumers with ids of 32 characters. 1.3 MB were measured to
work (Envoy Gateway 1.9.1), and etcd takes 1.5 MiB. The script stands in the policy itself: a
ConfigMap holds no more, and its change would not show in the policy's generation and status."""

# Everybody stands in one string: Envoy Gateway 1.9.1 runs the script at every translation and gives
# it 5 s, and its interpreter needs 12 s to read a table of 30,000 entries, but 0.1 s to split this.
# An iterator of gmatch works there in `for` only. The policy's filterContext, which changes without
# a new listener, is copied for each request: 11 ms for 30,000 entries (Envoy 1.39.1).
_SCRIPT = """\
local client_id_header = "{client_id_header}"
local previous_suffix = "{previous_suffix}"
local headers = {{{headers}}}
-- Each line: the values of these headers, and who has them.
local consumers = [[
{lines}]]

local nobody = ("/"):rep(#headers)
local values_of = {{}}
for values, ids in consumers:gmatch("(%S+) ([^\\n]+)\\n") do
  for id in ids:gmatch("%S+") do values_of[id] = values end
end

function envoy_on_request(handle)
  local request = handle:headers()
  local id = request:get(client_id_header)
  if id and #id > #previous_suffix and id:sub(-#previous_suffix) == previous_suffix then
    id = id:sub(1, -#previous_suffix - 1)
    request:replace(client_id_header, id)
  end
  local number = 0
  for value in (id and values_of[id] or nobody):gmatch("([^/]*)/") do
    number = number + 1
    if value == "" then
      request:remove(headers[number])
    else
      request:replace(headers[number], value)
    end
  end
end
"""


def identity_script(
    consumers: Mapping[str, Mapping[str, str]],
    *,
    headers: Sequence[str],
    client_id_header: str,
    previous_suffix: str,
) -> str:
    """Lua that gives a client its own id and the headers of its group, and nobody anything else.

    Args:
        consumers: The headers of each client id, e.g. {"alice": {"x-user-group": "search"}}. The
            values are of the characters of a client id; another one arrives percent-encoded.
        headers: The headers that the script decides on; who has no value for one of them loses it,
            whoever sent it.
        client_id_header: Where authentication puts the client id.
        previous_suffix: End of the client id of a consumer's key before; it is cut off.
    """
    groups: dict[str, list[str]] = {}
    for client_id, given in sorted(consumers.items()):
        values = "".join(f"{_plain(given.get(header, ''))}/" for header in headers)
        if values.strip("/"):
            groups.setdefault(values, []).append(_plain(client_id))
    return _SCRIPT.format(
        client_id_header=_plain(client_id_header),
        previous_suffix=_plain(previous_suffix),
        headers=", ".join(f'"{_plain(header)}"' for header in headers),
        lines="".join(f"{values} {' '.join(ids)}\n" for values, ids in sorted(groups.items())),
    )


def identity_policy_spec(script: str, *, gateway: str, listener: str) -> Spec:
    """Run the script for every request of one listener.

    A policy of a route replaces this one for that route. Where Envoy Gateway refuses the script, or
    has Lua switched off, each route of the listener answers 500 (1.9.1).
    """
    return {
        "targetRefs": [gateway_reference(gateway, listener)],
        "lua": [{"type": "Inline", "inline": script}],
    }


def _plain(text: str) -> str:
    """The text in characters that mean nothing to Lua, to the script's own lines or in a header."""
    return quote(text, safe="")

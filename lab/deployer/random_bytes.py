"""`RandomBytes` of pulumi-random: made once, then kept in the state file."""

import base64
import secrets

from lab.deployer import values
from lab.deployer.run_context import Outcome, Placed
from lab.deployer.state import Record
from lab.deployer.values import Object

TYPE = "random:index/randomBytes:RandomBytes"


def register(record: Record, old: Record | None, inputs: Object) -> Placed:
    """The bytes of before, or new ones when an input changed; as the provider, id is the base64."""
    given = values.plain(inputs)
    record.digests = {key: values.digest(value) for key, value in sorted(given.items())}
    outcome: Outcome = "created" if old is None else "replaced"
    if old and old.digests == record.digests:
        record.values = old.values
        outcome = "unchanged"
    else:
        text = base64.b64encode(secrets.token_bytes(given["length"])).decode()
        record.values = {"base64": text}
    encoded = record.values["base64"]
    record.id = encoded
    made = {"base64": encoded, "hex": base64.b64decode(encoded).hex()}
    return Placed(encoded, inputs | made, outcome)

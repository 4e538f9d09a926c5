"""`RandomPassword` of pulumi-random: made once, then kept in the state file."""

import secrets
import string
from collections.abc import Sequence

from lab.deployer import values
from lab.deployer.result import DeployError
from lab.deployer.run_context import Outcome, Placed
from lab.deployer.state import Record
from lab.deployer.values import Object

TYPE = "random:index/randomPassword:RandomPassword"
ID = "none"  # as the provider's: the id is no secret, and shows in every preview
ALPHABETS = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": "!@#$%&*()-_=+[]{}<>:?",
}


def register(record: Record, old: Record | None, inputs: Object, ignored: Sequence[str]) -> Placed:
    """The password of before, or a new one when an input changed that isn't ignored.

    Raises:
        DeployError: an input isn't supported.
    """
    given = values.plain(inputs)
    keepers = inputs.get("keepers")  # with the marks of secrets
    if "keepers" in ignored:
        given.pop("keepers", None)
        keepers = old.values.get("keepers") if old else keepers
    record.digests = {key: values.digest(value) for key, value in sorted(given.items())}
    outcome: Outcome = "created" if old is None else "replaced"
    if old and old.digests == record.digests:
        record.values = old.values
        outcome = "unchanged"
    else:
        record.values = {"result": _password(given), "keepers": keepers}
    record.id = ID
    secret = values.secret(record.values["result"])
    return Placed(ID, inputs | {"keepers": keepers, "result": secret}, outcome)


def _password(given: Object) -> str:
    if unknown := given.keys() - ALPHABETS.keys() - {"keepers", "length"}:
        raise DeployError(
            f"The in-process deployer doesn't support {', '.join(sorted(unknown))} of a "
            "RandomPassword. It simulates the provider only as far as the lab needs. Leave it "
            "out, or deploy with the Pulumi CLI."
        )
    alphabet = "".join(text for name, text in ALPHABETS.items() if given.get(name, True))
    return "".join(secrets.choice(alphabet) for _ in range(int(given["length"])))

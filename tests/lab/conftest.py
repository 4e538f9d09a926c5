from tests.lab.stack import Stacks as Stacks  # noqa: PLC0414 - for those who import it from here

"""Property paths of `ignore_changes`: dotted names, quoted names in brackets, indexes."""

import copy
import re
from typing import Any, TypeAlias

from lab.deployer.result import DeployError
from lab.deployer.values import Json, Object, is_array, is_object

# A name in an object or an index in an array.
Step: TypeAlias = Any
_PART = re.compile(r'\.?([^.\[\]"*]+)|\["([^"]+)"\]|\[(\d+)\]')


def parse(path: str) -> list[Step]:
    """The steps of a path.

    Raises:
        DeployError: it can't be read, or has a `*`.
    """
    steps: list[Step] = []
    position = 0
    while position < len(path):
        part = _PART.match(path, position)
        if not part:
            raise DeployError(
                f"The in-process deployer can't follow the path {path}. It knows names, "
                '["names"] and [indexes] only. Use those, or deploy with the Pulumi CLI.'
            )
        steps.append(int(part[3]) if part[3] else part[1] or part[2])
        position = part.end()
    return steps


def copy_over(source: Object, target: Object, path: str) -> None:
    """Give the target the source's value at the path, or none if the source has none."""
    *parents, last = parse(path)
    into: Json = target
    out_of: Json = source
    for step in parents:
        out_of = _child(out_of, step)
        if _child(into, step) is None:
            if out_of is None or not is_object(into):
                return
            into[step] = {}
        into = _child(into, step)
    value = _child(out_of, last)
    if value is not None:
        if is_object(into) or (is_array(into) and _child(into, last) is not None):
            into[last] = copy.deepcopy(value)
    elif is_object(into):
        into.pop(last, None)


def _child(value: Json, step: Step) -> Json:
    if is_object(value):
        return value.get(step)
    if is_array(value) and isinstance(step, int) and step < len(value):
        return value[step]
    return None

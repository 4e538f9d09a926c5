"""URNs of resources and of the names that they had before (aliases), as the engine forms them."""

from collections.abc import Iterable, Iterator

from pulumi.runtime.proto import alias_pb2

STACK_TYPE = "pulumi:pulumi:Stack"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; the stack itself doesn't count as a parent type."""
    parent_type = parent.split("::")[2] if parent else STACK_TYPE
    qualified = type_ if parent_type == STACK_TYPE else f"{parent_type}${type_}"
    return "::".join([f"urn:pulumi:{stack}", project, qualified, name])


def name_of(urn: str) -> str:
    """The logical name in a URN."""
    return urn.split("::", 3)[3]


def former(
    urn: str,
    parent: str,
    type_: str,
    aliases: Iterable[alias_pb2.Alias],
    parent_aliases: Iterable[str],
) -> list[str]:
    """Every URN that a resource may have had: its own aliases, and those of its parent."""
    given = list(aliases)
    found = list(_own(urn, parent, type_, given))
    for parent_alias in parent_aliases:
        name = _inherited_name(name_of(urn), name_of(parent), name_of(parent_alias))
        stack, project = _home(parent_alias)
        found.append(make(stack, project, parent_alias, type_, name))
        relative = [alias for alias in given if _is_relative(alias)]
        found.extend(_own(urn, parent_alias, type_, relative))
    return [alias for alias in dict.fromkeys(found) if alias != urn]


def _own(urn: str, parent: str, type_: str, aliases: Iterable[alias_pb2.Alias]) -> Iterator[str]:
    stack, project = _home(urn)
    for alias in aliases:
        if alias.urn:
            yield alias.urn
            continue
        spec = alias.spec
        former_parent = "" if spec.noParent else spec.parentUrn or parent
        yield make(
            spec.stack or stack,
            spec.project or project,
            former_parent,
            spec.type or type_,
            spec.name or name_of(urn),
        )


def _is_relative(alias: alias_pb2.Alias) -> bool:
    return not alias.urn and not alias.spec.noParent and not alias.spec.parentUrn


def _inherited_name(name: str, parent: str, former_parent: str) -> str:
    """A child that is named after its parent was named after the parent's former name."""
    return former_parent + name.removeprefix(parent) if name.startswith(parent) else name


def _home(urn: str) -> tuple[str, str]:
    head, project = urn.split("::")[:2]
    return head.removeprefix("urn:pulumi:"), project

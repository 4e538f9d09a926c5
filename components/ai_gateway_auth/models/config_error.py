"""The error that tells every mistake of a config, and nothing that is secret."""

import json
import re
from collections.abc import Collection, Mapping
from typing import cast

from .base import Mistake, Note, Path, Pending, in_camel_case

_LONGEST_VALUE = 160


class ConfigError(Exception):
    """The config breaks rules; the text names each with its field, value, rule and remedy."""

    def __init__(
        self,
        mistakes: Collection[Mistake],
        *,
        secret_paths: Collection[Path],
        secret_texts: Collection[str] = (),
    ) -> None:
        """Keep the mistakes in the order of their paths.

        Values at and below a secret path are masked, and so is each secret text within a rule or
        remedy: a rule over two fields may quote the other one.
        """
        self.mistakes = sorted(mistakes, key=lambda mistake: [str(part) for part in mistake.path])
        count = "1 mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes)} mistakes"
        secrets = {in_camel_case(path) for path in secret_paths}
        parts = [_describe(mistake, secrets, secret_texts) for mistake in self.mistakes]
        super().__init__("\n".join([f"the config has {count}; nothing was changed.", *parts]))


def dotted(path: Path) -> str:
    """A path as people write it: oidc.providers.idp.audiences[0]."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "(the whole config)"


def _describe(mistake: Mistake, secrets: Collection[Path], secret_texts: Collection[str]) -> str:
    value = "(missing)"
    if mistake.value is not None:
        value = _shown(_masked(mistake.value, in_camel_case(mistake.path), secrets))
    return (
        f"\n  {dotted(mistake.path)}\n"
        f"    value:  {value}\n"
        f"    rule:   {_without(mistake.rule, secret_texts)}\n"
        f"    remedy: {_without(mistake.remedy, secret_texts)}"
    )


_SECRET = Note("[secret]")


def _masked(value: object, path: Path, secrets: Collection[Path]) -> object:
    """The value with what is secret, or not known yet, replaced by a word."""
    if any(path[: len(secret)] == secret for secret in secrets):
        return _SECRET
    if isinstance(value, Pending):
        return Note(repr(value))
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {
            str(key): _masked(item, (*path, *in_camel_case((str(key),))), secrets)
            for key, item in items
        }
    if isinstance(value, list):
        entries = enumerate(cast("list[object]", value))
        return [_masked(item, (*path, index), secrets) for index, item in entries]
    return value


def _shown(value: object) -> str:
    if isinstance(value, Note):
        return str(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _without(text: str, secret_texts: Collection[str]) -> str:
    for secret in sorted(secret_texts, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _SECRET, text)
    return text

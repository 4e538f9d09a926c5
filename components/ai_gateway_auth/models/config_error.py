"""The error that tells every mistake of a config, and nothing that is secret."""

import json
import re
from collections.abc import Collection, Mapping
from typing import cast

from .base import Mistake, Note, Path, Pending, in_camel_case

_LONGEST_VALUE = 160
_MOST_TOLD = 100


class ConfigError(Exception):
    """The config breaks rules; the text names each with its field, value, rule and remedy."""

    def __init__(
        self,
        mistakes: Collection[Mistake],
        *,
        secret_paths: Collection[Path],
        secret_texts: Collection[str] = (),
        files: Mapping[Path, str] | None = None,
    ) -> None:
        """Keep the mistakes in the order of their paths; the text tells the first hundred.

        Values at and below a secret path are masked, and so is each secret text within a rule or
        remedy: a rule over two fields may quote the other one.

        Args:
            mistakes: What is wrong.
            secret_paths: Paths whose values, and everything below, are never shown.
            secret_texts: Texts that are never shown.
            files: Names of the files that parts of the config come from, by the part's path.

        """
        secrets = {in_camel_case(path) for path in secret_paths}
        longest_first = sorted(secret_texts, key=len, reverse=True)
        ordered = sorted(mistakes, key=lambda mistake: [str(part) for part in mistake.path])
        self.mistakes = [_without_value(mistake, secrets) for mistake in ordered]
        parts = [
            _describe(mistake, longest_first, files or {}) for mistake in self.mistakes[:_MOST_TOLD]
        ]
        more = len(self.mistakes) - _MOST_TOLD
        if more > 0:
            parts.append(f"\n  and {more:,} more.")
        count = "1 mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes):,} mistakes"
        super().__init__("\n".join([f"the config has {count}; nothing was changed.", *parts]))


def dotted(path: Path) -> str:
    """A path as people write it: oidc.providers.idp.audiences[0]."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".") or "(the whole config)"


def _without_value(mistake: Mistake, secrets: Collection[Path]) -> Mistake:
    if mistake.value is None:
        return mistake
    return mistake._replace(value=_masked(mistake.value, in_camel_case(mistake.path), secrets))


def _describe(mistake: Mistake, secret_texts: Collection[str], files: Mapping[Path, str]) -> str:
    value = "(missing)" if mistake.value is None else _shown(mistake.value)
    return (
        f"\n  {dotted(mistake.path)}{_place(mistake.path, files)}\n"
        f"    value:  {value}\n"
        f"    rule:   {_without(mistake.rule, secret_texts)}\n"
        f"    remedy: {_without(mistake.remedy, secret_texts)}"
    )


def _place(path: Path, files: Mapping[Path, str]) -> str:
    found = [name for part, name in files.items() if path[: len(part)] == part]
    return f", in {found[0]}" if found else ""


_SECRET = Note("[secret]")


def _masked(value: object, path: Path, secrets: Collection[Path]) -> object:
    """The value with what is secret, or not known yet, replaced by a word."""
    if any(path[:length] in secrets for length in range(len(path) + 1)):
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
    for secret in secret_texts:
        if secret in text:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", _SECRET, text)
    return text

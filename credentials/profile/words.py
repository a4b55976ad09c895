"""Texts that people read, by their ids, in every language of the catalogues ``credentials/profile/texts/*.po``.

A :class:`Label` is one text in all of LANGUAGES. Nobody names a language by its place: a text that is put together is
put together in all of them at once, from ids with ``{placeholders}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Final

from credentials.profile.catalogue import TEXTS
from credentials.profile.languages import LANGUAGES, common_of, field_of

_PLACES: Final = {language: place for place, language in enumerate(LANGUAGES)}
_PLACEHOLDER = re.compile(r"\{([a-z][A-Za-z_]*)\}")


class Label(tuple[str, ...]):
    """One text in each of LANGUAGES, in their order; as JSON an array."""

    __slots__ = ()

    def of(self, language: str) -> str:
        """In one of LANGUAGES."""
        return self[_PLACES[language]]

    def by_language(self) -> dict[str, str]:
        """By language tag."""
        return dict(zip(LANGUAGES, self, strict=True))

    def filled(self, **values: Label | str | int) -> Label:
        """With each ``{name}`` that is among ``values`` put in, in every language; others stay as they are."""
        return each(lambda language: fill(self.of(language), _in_language(values, language)))

    def fields(self, stem: str = "") -> dict[str, str]:
        """For JSON: ``<stem>zh``, ``<stem>zh_hk``, ``<stem>en``."""
        return {stem + field_of(language): text for language, text in zip(LANGUAGES, self, strict=True)}


def each(say: Callable[[str], str]) -> Label:
    """What ``say`` says in each language."""
    return Label(map(say, LANGUAGES))


def label(name: str, /, **values: Label | str | int) -> Label:
    """The text with the id ``name``, its placeholders filled. Raises KeyError for an id that the catalogues lack."""
    text = Label(TEXTS[name])
    return text.filled(**values) if values else text


def labels(stem: str) -> dict[str, Label]:
    """The texts whose ids begin with ``stem`` and a dot, by what follows it, in the order of the catalogues."""
    start = f"{stem}."
    return {name.removeprefix(start): Label(texts) for name, texts in TEXTS.items() if name.startswith(start)}


def joined(parts: Iterable[Label], pattern: str) -> Label:
    """Those of ``parts`` that are not empty, one after the other; ``pattern`` is the id of the text that puts
    ``{first}`` and ``{next}`` together."""
    said = [part for part in parts if any(part)]
    return reduce(lambda first, following: label(pattern, first=first, next=following), said) if said else NO_WORDS


def translated(texts: Mapping[str, str]) -> Label:
    """A document's text by language tag. One that it lacks is said in zh-CN where it is a kind of Chinese, else in
    English. Raises KeyError where one of COMMON is not there."""
    return each(lambda language: texts[language] if language in texts else texts[common_of(language)])


def fill(text: str, values: Mapping[str, str | int]) -> str:
    """``text`` with ``{name}`` replaced by its value, where it has one."""
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)


def _in_language(values: Mapping[str, Label | str | int], language: str) -> dict[str, str | int]:
    return {name: value.of(language) if isinstance(value, Label) else value for name, value in values.items()}


NO_WORDS: Final = Label("" for _ in LANGUAGES)
"""Where there is nothing to say."""

"""The front page (首页) of a role, and of a server with several: what this is, and where to go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask import Flask, Response

from credentials.profile.words import Label
from service_kit.http.front.page import add_look, draw

EXTENSION = "tongxing_front"


class Link(NamedTuple):
    """Where to go: ``place`` is relative to the role's base, as ``v1/log``. ``speaks``: the page has languages, and is
    asked for the reader's."""

    text: Label
    place: str
    speaks: bool = False


class Way(NamedTuple):
    """What somebody may want here, and the links that lead there, the most wanted first."""

    who: Label
    what: Label
    links: Sequence[Link] = ()


@dataclass(frozen=True)
class Front:
    """What a role says of itself. ``place``: of its front page. ``member`` and ``name``: whose role it
    is."""

    role: Label
    lead: Label
    ways: Sequence[Way]
    environment: str
    member: str = ""
    name: Label | None = None
    place: str = ""

    @property
    def door(self) -> Link | None:
        """What most people come for."""
        return next((link for way in self.ways for link in way.links), None)


def add_front(app: Flask, front: Front, is_ready: Callable[[], bool]) -> None:
    """Serve the front page of a service at its place, which begins without a slash."""
    app.extensions[EXTENSION] = front
    add_look(app)
    app.add_url_rule(f"/{front.place}", "front", lambda: draw("front/role.html", front=front, is_ready=is_ready()))


def add_entrance(root: Flask, roles: Sequence[tuple[str, Front, Callable[[], bool]]]) -> None:
    """Serve the page that names the roles of a server: the path of each, its front page, whether it is ready."""
    add_look(root)

    def entrance() -> Response:
        return draw("front/entrance.html", roles=[(path, front, is_ready()) for path, front, is_ready in roles])

    root.add_url_rule("/", "entrance", entrance)

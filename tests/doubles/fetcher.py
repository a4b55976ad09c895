"""A double of the network: answers from a dictionary, and remembers what was asked and sent."""

from __future__ import annotations

from collections.abc import Mapping

from credentials.errors import FetchFailed, FetchTooLarge
from service_kit.fetch import Fetcher, Response


class FetcherOfFiles(Fetcher):
    """``files``: content by path below ``https://``. ``away``: nothing answers. ``posted``: what was sent, and is
    answered with ``status``. Bounds are kept as over the network."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = files
        self.away = False
        self.status = 204
        self.asked: list[str] = []
        self.posted: list[bytes] = []

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        seconds: float | None = None,
    ) -> Response:
        path = url.removeprefix("https://").partition("?")[0]
        self.asked.append(path)
        if self.away:
            raise FetchFailed("no whole answer")
        if method == "POST":
            self.posted.append(body or b"")
            return Response(self.status, b"", None)
        content = self.files.get(path)
        if content is None:
            return Response(404, b"", None)
        if len(content) > limit:
            raise FetchTooLarge(f"more than {limit} bytes")
        return Response(200, content, None)

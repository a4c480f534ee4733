"""The HTTP side of a crew: tokens, pages of lists, and patience while a service comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

PATIENCE_S = 90.0
Answer = Mapping[str, Any]


class Unplayable(Exception):
    """The weekend cannot go on; the message says what was asked and what came back; `code` why it was refused."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Desk:
    """One person at a desk: requests under `/api/v1/` with the token of a role.

    A request that finds no server, or one that cannot answer (502-504, or 500 while the database is away), is made
    again until `PATIENCE_S` have passed; every other refusal raises Unplayable at once.
    """

    def __init__(self, base_url: str, tokens: Mapping[str, str], patience_s: float = PATIENCE_S) -> None:
        self._tokens = dict(tokens)
        self._patience_s = patience_s
        self._http = httpx.AsyncClient(base_url=f"{base_url.rstrip('/')}/api/v1/", timeout=30, trust_env=False)

    def carry(self, name: str, token: str) -> None:
        """Have one more key, under a name of its own."""
        self._tokens[name] = token

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def get(self, path: str, role: str = "office", **params: Any) -> Answer:
        """Return the JSON answer of a GET."""
        return await self._ask("GET", path, role, params=params)

    async def post(self, path: str, role: str, body: Mapping[str, Any]) -> Answer:
        """Return the JSON answer of a POST of a JSON body."""
        return await self._ask("POST", path, role, json=body)

    async def patch(self, path: str, role: str, body: Mapping[str, Any]) -> Answer:
        """Return the JSON answer of a PATCH."""
        return await self._ask("PATCH", path, role, json=body)

    async def upload(self, path: str, role: str, body: bytes, key: str, **params: Any) -> Answer:
        """Return the answer to a file sent as it is; the key makes a second try the same delivery."""
        headers = {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
        return await self._ask("POST", path, role, content=body, params=params, headers=headers)

    async def pages(self, path: str, role: str, **params: Any) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the results of a list that is paged by `after` and `next`."""
        after: Any = 0
        while after is not None:
            answer = await self.get(path, role, after=after, **params)
            for row in answer["results"]:
                yield row
            after = answer["next"]

    async def _ask(self, method: str, path: str, role: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self._tokens[role]}", **options.pop("headers", {})}
        until = time.monotonic() + self._patience_s
        while True:
            said = await self._once(method, path, headers, options)
            if isinstance(said, httpx.Response):
                return self._read(method, path, said)
            if time.monotonic() > until:
                raise Unplayable(f"{method} {path}: no answer for {self._patience_s:.0f} s ({said})")
            await asyncio.sleep(0.25)

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], options: Mapping[str, Any]
    ) -> httpx.Response | str:
        """Return the response, or in words why it is worth asking again."""
        try:
            response = await self._http.request(method, path, headers=dict(headers), **options)
        except httpx.TransportError as error:
            return f"{type(error).__name__} {error}"
        return f"status {response.status_code}" if response.status_code >= 500 else response

    @staticmethod
    def _read(method: str, path: str, response: httpx.Response) -> Answer:
        if response.is_error:
            raise Unplayable(f"{method} {path}: {response.status_code} {response.text[:400]}", _code(response))
        answer: Answer = response.json() if response.content else {}
        return answer


def _code(response: httpx.Response) -> str:
    """Return the code of the first error; empty where the answer is no list of errors."""
    try:
        return str(response.json()["errors"][0]["code"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""

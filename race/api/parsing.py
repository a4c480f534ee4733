"""JSON bodies, as deep and as wide as ours ever are."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class Json(JSONParser):
    """JSON that can be written again: not nested hundreds deep, no half characters, no number beyond 64 bits."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value. ParseError (400) for what is none."""
        try:
            value = super().parse(stream, media_type, parser_context)
            orjson.dumps(value)
        except (RecursionError, orjson.JSONEncodeError) as problem:
            raise ParseError("JSON parse error - nested too deep, a number too large, or half a character") from problem
        return value

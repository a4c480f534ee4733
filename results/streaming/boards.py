"""A held board as an HTTP answer; pure. The hub and the Django view give the same one."""

from results.streaming.asgi import PUBLIC_HEADERS, Headers
from results.streaming.feed import Board


def answer(board: Board, if_none_match: str, accept_encoding: str) -> tuple[int, Headers, bytes]:
    """Status, headers and body of `GET races/{slug}/board/`: the revision is the ETag, gzip is given when accepted."""
    tag = f'"{board.revision}"'
    headers: Headers = [
        (b"etag", tag.encode()),
        (b"cache-control", b"no-cache"),
        (b"vary", b"Accept-Encoding"),
        *PUBLIC_HEADERS,
    ]
    if matches(if_none_match, board.revision):
        return 304, headers, b""
    body = board.json
    if board.gz and accepts_gzip(accept_encoding):
        body = board.gz
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return 200, headers, body


def matches(if_none_match: str, revision: int) -> bool:
    """Whether the client already holds this revision."""
    offered = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return f'"{revision}"' in offered or "*" in offered


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip (or anything) is accepted with a weight above nought."""
    weights: dict[str, bool] = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
        weights[name] = quality.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))

"""What the live stream hub is made of.

`feed` (pure: the chain of revisions of one race), `sse` (pure: the text of the stream), `boards` (pure: a held board as
an HTTP answer), `clients` (a spectator's bounded queue), `doorbell` (what is read from Redis) and `asgi` (the few raw
ASGI words). `results.stream` joins them.
"""

"""The bridge: a program for the crew's laptop, between decoders on a local network and the server behind a flaky line.

It meets the machines as the gateway does (`timing.gateway.lines`), writes what they say to the disk before it acknowledges,
and posts it as deliveries with the token of the crew. Only the standard library: `manage.py bridge` packs one file of it.
"""

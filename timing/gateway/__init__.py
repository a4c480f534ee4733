"""The gateway: machines call us or are dialled, and get their acknowledgement after the commit and never before.

One asyncio process. Every open TCP `Channel` is a listener on its port or, where it names a host, a line that we dial
and dial again. Channels that are made, changed or closed are noticed within a second. What happens on one connection
stands in `line`, which connections there are in `process`.
"""

from timing.gateway.process import Gateway

__all__ = ["Gateway"]

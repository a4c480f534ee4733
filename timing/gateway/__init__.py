"""The gateway: machines call us or are dialled, and get their acknowledgement after what they said is kept, never before.

`line` is one connection, `lines` all of a process: both are pure asyncio and know no database, so that the bridge on a
crew's laptop (`timing.bridge`) runs the very same. `process` keeps what is said in the database.
"""

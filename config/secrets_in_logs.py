"""Some addresses are keys: private links of riders, and of machines that can send no header. No log shows them."""

import logging
import re

ADDRESS = re.compile(r"(/(?:my|api/v1/timing/(?:feibot|raceresult|crossmgr))/)[^/?\s\"']{8,}")


def hidden(text: str) -> str:
    """A text whose addresses hold no key."""
    return ADDRESS.sub(r"\1…", text)


class Hidden(logging.Filter):
    """Takes the keys out of a record before anything writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes."""
        if isinstance(record.msg, str):
            record.msg = hidden(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(hidden(one) if isinstance(one, str) else one for one in record.args)
        return True

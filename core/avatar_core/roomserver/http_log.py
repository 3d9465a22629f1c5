"""What aiohttp may log: never the text of a request, in which a token travels."""

import logging
from collections.abc import MutableMapping
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError


class HttpLog(logging.LoggerAdapter[logging.Logger]):
    """Names the kind of a request that aiohttp can't parse, where aiohttp would quote it."""

    def process(self, msg: str, kwargs: MutableMapping[str, Any]) -> tuple[str, MutableMapping[str, Any]]:
        """Override of logging.LoggerAdapter."""
        error = kwargs.get("exc_info")
        if isinstance(error, HttpProcessingError):
            return f"{msg}: {type(error).__name__}", {**kwargs, "exc_info": None}
        return msg, kwargs

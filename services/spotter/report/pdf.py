"""The page on A4, by WeasyPrint: a library, no browser, no network. It is an extra, since it needs Pango."""

from __future__ import annotations

import importlib
import logging
from typing import Any

from spotter.core.errors import ConfigError

_MEND = (
    "Install it: pip install 'spotter-safety[report]' (on Debian also: apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 fonts-dejavu-core); or print the HTML page from a browser"
)


def pdf(page: str) -> bytes:
    """A PDF of an HTML page that holds everything it shows.

    Raises:
        ConfigError: WeasyPrint or the libraries that it draws with are missing; names them.
    """
    try:
        weasyprint: Any = importlib.import_module("weasyprint")
    except ImportError:
        raise ConfigError("a PDF needs the library WeasyPrint, which is not installed", mend=_MEND) from None
    except OSError as error:
        missing = str(error).split(":", 1)[0].splitlines()[0]
        raise ConfigError(f"WeasyPrint cannot draw here: {missing}", mend=_MEND) from None
    # It warns of every property of the screen that paper does not have.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    document = weasyprint.HTML(string=page, url_fetcher=_nothing).write_pdf()
    return bytes(document)


def _nothing(url: str, *_: Any, **__: Any) -> Any:
    """The page is self-contained: whatever it asks for beyond itself is refused."""
    raise ValueError(f"a report asks for nothing, and not for {url}")

"""A page that is one file: it fetches nothing, and tells the browser to allow nothing else.

A stylesheet and a script are let through by their hash. Whatever a text smuggles in has another.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

_ROOM, _PAGES = "cytomon.report", "pages"
_NOTHING = "'none'"
_LONGEST = 90
"""Characters that fit into the margin of a printed page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page is made of.

    Attributes
    ----------
    template : str
        Name of the template in ``pages``.
    sheets : tuple of str
        Names of its stylesheets, in this order.
    margins : str
        Rules for the margins of printed pages (`margins`).
    script : str
        Name of its script; empty where it runs none.
    """

    template: str
    sheets: tuple[str, ...]
    margins: str = ""
    script: str = ""


def render(page: Page, **said: object) -> bytes:
    """Lay out a page.

    Parameters
    ----------
    page : Page
        What it is made of.
    **said : object
        What the template lays out. Text is escaped.

    Returns
    -------
    bytes
        HTML in UTF-8; equal input gives equal bytes.
    """
    style = "".join(map(_read, page.sheets)) + page.margins
    script = _read(page.script) if page.script else ""
    text = (
        _environment()
        .get_template(page.template)
        .render(
            **said,
            style=style,
            script=script,
            policy=policy(style, script),
        )
    )
    return text.encode("utf-8", "xmlcharrefreplace")


def policy(style: str, script: str = "") -> str:
    """The Content-Security-Policy that lets one stylesheet and one script through.

    Parameters
    ----------
    style, script : str
        Their text as it stands in the page; an empty script lets none through.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src {_by_hash(style)}",
            f"script-src {_by_hash(script) if script else _NOTHING}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def margins(*, banner: str, left: str) -> str:
    """Rules that repeat a banner above and a name below each printed page, with its number.

    Parameters
    ----------
    banner, left : str
        Any text; empty prints nothing.
    """
    return (
        f'@page {{\n  @top-center {{ content: "{_quoted(banner)}"; }}\n'
        f'  @bottom-left {{ content: "{_quoted(left)}"; }}\n}}\n'
    )


def _quoted(text: str) -> str:
    """Text for a CSS string: what is neither letter nor digit goes by its number."""
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(
        sign if sign.isascii() and sign.isalnum() else f"\\{ord(sign):x} " for sign in short
    )


def _by_hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def _read(name: str) -> str:
    return resources.files(_ROOM).joinpath(_PAGES, name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader(_ROOM, _PAGES),
    )

"""HTML and SVG elements as functions. Text is escaped unless it is `Markup`; same calls, same bytes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Content = str | Markup | int | Iterable["Content"] | None
Attribute = str | float | bool | None

_VOID = {"meta", "br", "hr", "col"}


def element(name: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """One element.

    Args:
        content: texts, elements, or lists of them; None is nothing.
        attributes: `class_` becomes class, `aria_label` aria-label; None and False are left out, True has no value.
    """
    written = Markup("").join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup("<{}{}>").format(name, written)
    return Markup("<{0}{1}>{2}</{0}>").format(name, written, joined(*content))


def joined(*content: Content) -> Markup:
    """Contents one after another."""
    return Markup("").join(_flat(content))


def paragraph(*content: Content, class_: str | None = None) -> Markup:
    """A paragraph."""
    return element("p", *content, class_=class_)


def section(title: str, *content: Content, id_: str, lead: Content = None) -> Markup:
    """A section with its heading; `lead` is one sentence below it."""
    heading = element("h2", title, id=f"{id_}-title")
    opening = paragraph(lead, class_="lead") if lead else None
    return element("section", heading, opening, *content, id=id_, aria_labelledby=f"{id_}-title")


def table(
    caption: str,
    head: Sequence[Content],
    rows: Iterable[Sequence[Content]],
    *,
    numeric: Iterable[int] = (),
    class_: str | None = None,
) -> Markup:
    """A table with a caption and column heads; the first cell of each row names it.

    Args:
        numeric: columns whose cells stand on the right.
    """
    right = set(numeric)

    def style(column: int) -> str | None:
        return "n" if column in right else None

    heads = [element("th", cell, scope="col", class_=style(column)) for column, cell in enumerate(head)]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row", class_=style(0)),
            [element("td", cell, class_=style(column)) for column, cell in enumerate(row[1:], 1)],
        )
        for row in rows
    ]
    inner = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", heads)),
        element("tbody", body),
        class_=class_,
    )
    # A region that can be scrolled by keyboard: wide tables never widen the page on a phone.
    return element("div", inner, class_="scroll", role="region", aria_label=caption, tabindex="0")


def points(items: Iterable[Content], *, class_: str | None = None) -> Markup:
    """A list with a bullet for each item."""
    return element("ul", [element("li", item) for item in items], class_=class_)


def pairs(items: Iterable[tuple[str, Content]], *, class_: str = "facts") -> Markup:
    """Names with what belongs to them."""
    return element("dl", [element("div", element("dt", name), element("dd", value)) for name, value in items],
                   class_=class_)  # fmt: skip


def _attribute(key: str, value: Attribute) -> Markup:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return Markup("")
    if value is True:
        return Markup(" {}").format(name)
    text = f"{value:.6g}" if isinstance(value, float) else value
    return Markup(' {}="{}"').format(name, text)


def _flat(content: Content) -> Iterable[Markup]:
    if content is None:
        return
    if isinstance(content, str | int):
        yield escape(content)
        return
    for part in content:
        yield from _flat(part)

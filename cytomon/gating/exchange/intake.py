"""A GatingML document comes from elsewhere and is not trusted: what is checked before it is used.

Size, number of gates and ways between them are bounded and a DOCTYPE is refused before FlowKit sees
a byte: FlowKit's time grows with the square of the number of gates, and with all ways to them.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from cytomon.errors import TemplateError

MOST_BYTES = 5_000_000
MOST_GATES = 300
MOST_CORNERS = 3_000
MOST_PARTS = 150_000
"""Tags and attributes of a document; the memory goes with them and not with the bytes."""
MOST_STEPS = 1_000_000
"""Ways from the top to all gates, times the references that FlowKit follows along them."""
STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0/gating"
TRANSFORMS = "http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
_ENCODINGS = {None, "UTF-8", "utf-8", "US-ASCII", "ASCII", "us-ascii", "ascii"}


def parse_document(content: bytes, path: Path) -> Any:  # noqa: ANN401  (FlowKit carries no types)
    """FlowKit's strategy of a document that `read_document` let through.

    Raises
    ------
    TemplateError
        If the document is not valid GatingML 2.0, holds more than `MOST_GATES` gates, or gates
        refer to each other in more ways than can be followed.
    """
    import flowkit
    from flowkit.exceptions import FlowKitException
    from lxml import etree
    from networkx import NetworkXException

    try:
        root = parse_xml(content, path)
        _bound_gates(root, path)
        _bound_ways(root, path)
        _refuse_overlooked(root, path)
        _spell_out(root)
        return flowkit.parse_gating_xml(io.BytesIO(etree.tostring(root)))
    except (FlowKitException, etree.LxmlError, NetworkXException) as error:
        raise _invalid(path) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # FlowKit follows references without asking whether they lead anywhere
        raise _invalid(path) from error


def gate_ids(content: bytes) -> tuple[str, ...]:
    """Names of the gates and quadrants of a document that `parse_document` took, in its order."""
    from lxml import etree

    root = etree.fromstring(content, safe_parser())
    attribute = f"{{{STANDARD}}}id"
    named = (element.get(attribute) for element in root.iter(f"{{{STANDARD}}}*"))
    return tuple(name for name in named if name)


def content_hash(content: bytes) -> str:
    """SHA-256 of what a document says: comments do not count."""
    from lxml import etree

    root = etree.fromstring(content, safe_parser())
    return hashlib.sha256(etree.tostring(root, method="c14n", with_comments=False)).hexdigest()


def safe_parser() -> Any:  # noqa: ANN401
    """An XML parser that opens nothing and expands nothing."""
    from lxml import etree

    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def parse_xml(content: bytes, path: Path) -> Any:  # noqa: ANN401
    """The root of a document in UTF-8 without DOCTYPE, however either was hidden.

    Raises
    ------
    TemplateError
        If it is not like that.
    lxml.etree.LxmlError
        If it is no XML.
    """
    from lxml import etree

    root = etree.fromstring(content, safe_parser())
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None or info.encoding not in _ENCODINGS:
        raise _no_plain_text(path)
    return root


def read_document(path: Path, most: int = MOST_BYTES, *, parts: int = MOST_PARTS) -> bytes:
    """Bytes of a document of bounded size, in UTF-8, without DOCTYPE.

    Parameters
    ----------
    path : Path
        Of the document.
    most : int, optional
        Bytes that it may have.
    parts : int, optional
        Tags and attributes that it may have.

    Raises
    ------
    TemplateError
        If it cannot be opened or is not like that.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise TemplateError(
            f"the document cannot be opened: {error.strerror}",
            where=path.name,
            fix="check the path and the permissions",
        ) from error
    if len(content) > most:
        raise TemplateError(
            f"the document is larger than {most} bytes",
            where=path.name,
            fix="export only the gates that are needed",
        )
    if content.count(b"<") + content.count(b"=") > parts:
        raise TemplateError(
            f"the document has more than {parts} tags and attributes",
            where=path.name,
            fix="export only the gates and samples that are needed",
        )
    if b"<!DOCTYPE" in content.upper() or b"\x00" in content:
        raise _no_plain_text(path)
    return content


def is_workspace(path: Path) -> bool:
    """Whether a file looks like a FlowJo workspace, by its first element or its suffix."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError:
        return False  # whoever reads it says why
    return b"<Workspace" in head or path.suffix.lower() == ".wsp"


def _no_plain_text(path: Path) -> TemplateError:
    return TemplateError(
        "the document carries a DOCTYPE or is not UTF-8 text, and is not read",
        where=path.name,
        fix="such documents need no DOCTYPE: export the gates again as UTF-8",
    )


def _refuse_overlooked(root: Any, path: Path) -> None:  # noqa: ANN401
    """What the standard allows and FlowKit passes over in silence, with another answer."""
    for element in root.iter(f"{{{TRANSFORMS}}}*"):
        inverted = element.get(f"{{{TRANSFORMS}}}matrix-inverted-already", "false").strip()
        ends = {f"{{{TRANSFORMS}}}{end}" for end in ("boundMin", "boundMax")} & {*element.attrib}
        if inverted in {"1", "true"} or ends:
            what = "a matrix that is inverted already" if not ends else "a scale with bounds"
            raise TemplateError(
                f"the document holds {what}, which is not read",
                where=f"{path.name}, {element.get(f'{{{TRANSFORMS}}}id', '')[:60]}",
                fix="export the matrix itself" if not ends else "export the scale without bounds",
            )


def _bound_gates(root: Any, path: Path) -> None:  # noqa: ANN401
    names = [element.tag for element in root.iter(f"{{{STANDARD}}}*")]
    corners = sum(name.endswith("}vertex") for name in names)
    if corners > MOST_CORNERS:
        raise TemplateError(
            f"the document's polygons have {corners} corners; at most {MOST_CORNERS} are read",
            where=path.name,
            fix="draw them with fewer corners",
        )
    gates = sum(name.endswith(("Gate", "}Quadrant")) for name in names)
    if gates > MOST_GATES:
        raise TemplateError(
            f"the document holds {gates} gates; at most {MOST_GATES} are read",
            where=path.name,
            fix="export only the gates that are needed",
        )


def _bound_ways(root: Any, path: Path) -> None:  # noqa: ANN401
    attribute = f"{{{STANDARD}}}"
    above: dict[str, list[str]] = {}
    for gate in root.iter(f"{{{STANDARD}}}*"):
        name = gate.get(f"{attribute}id")
        if name and gate.tag.endswith(("Gate", "}Quadrant")):
            named = [one.get(f"{attribute}ref") for one in gate.iter(f"{attribute}gateReference")]
            above[name] = [one for one in (*named, gate.get(f"{attribute}parent_id")) if one]
    ways: dict[str, int] = {}

    def count(name: str) -> int:
        if name not in ways:
            ways[name] = 0  # of gates that rest on each other, which is refused elsewhere
            ways[name] = max(1, sum(count(one) for one in above.get(name, ())))
        return ways[name]

    references = len(above) + sum(map(len, above.values()))
    if sum(map(count, above)) * references > MOST_STEPS:
        raise TemplateError(
            "the document's gates refer to each other in more ways than can be followed",
            where=path.name,
            fix="write boolean gates with fewer references to other boolean gates",
        )


def _spell_out(root: Any) -> None:  # noqa: ANN401
    """Write each complement as FlowKit reads it: to the standard ``1`` is ``true``, too."""
    attribute = f"{{{STANDARD}}}use-as-complement"
    for reference in root.iter(f"{{{STANDARD}}}gateReference"):
        said = reference.get(attribute, "false").strip()
        if attribute in reference.attrib and said in {"1", "true", "0", "false"}:
            reference.set(attribute, "true" if said in {"1", "true"} else "false")


def _invalid(path: Path) -> TemplateError:
    return TemplateError(
        "the document is not valid GatingML 2.0, or a gate refers to one that is not there",
        where=path.name,
        fix="export the gates as GatingML 2.0, or name a FlowJo workspace (.wsp)",
    )

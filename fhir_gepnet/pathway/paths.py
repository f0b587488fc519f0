"""``dynamicValue.path``: compiled at load into a function that writes one value.

The subset of FHIRPath that FHIR R4 allows in ``ElementDefinition`` paths: names, ``[n]``,
``extension('url')`` and ``ofType(T)``; choice elements also by their JSON name
(``occurrencePeriod``). Every name is checked against the model. ``%action.`` (also seen:
``action.``) targets the output action, everything else the request that was made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fhir_gepnet.errors import EvaluationError, ParseError, TypeMismatchError, UnsupportedFeatureError, Where
from fhir_gepnet.fhir.model import ElementInfo, is_primitive, type_info
from fhir_gepnet.pathway.model import Write
from fhir_gepnet.pathway.path_values import fitting, may_hold, value_key

ACTION = re.compile(r"^%?action\.")
STEP = re.compile(
    r"""extension\(\s*'(?P<url>[^']+)'\s*\) | ofType\(\s*(?:FHIR\.)?(?P<type>[A-Za-z]+)\s*\)
    | (?P<function>[A-Za-z]+)\( | (?P<name>[A-Za-z]\w*|`[A-Za-z]\w*`)(?:\[(?P<index>\d+)\])?""",
    re.VERBOSE,
)
FLAT = re.compile(r"[A-Za-z]\w*|extension\(\s*'[^']+'\s*\)\.value")
OUTPUT_ACTION = "RequestGroup.Action"


@dataclass(frozen=True, slots=True)
class Step:
    """One step into JSON: the key, which item when it repeats, and what type is found there.

    The type is "" for ``value`` of an extension, which takes the type of what is written.
    """

    key: str
    type: str
    is_list: bool
    index: int | None


@dataclass(frozen=True, slots=True)
class ExtensionStep:
    """A step to the extension with this url."""

    url: str


def is_on_action(path: str) -> bool:
    """Whether a path names the output action explicitly."""
    return ACTION.match(path) is not None


def is_flat(path: str) -> bool:
    """Whether writing to a path replaces a member of the target and changes nothing below it.

    Such a target needs a copy of its top level only.
    """
    return FLAT.fullmatch(ACTION.sub("", path)) is not None


def writer_of(path: str, kind: str | None, result_type: str | None, at: Where) -> Write:
    """Compile a path.

    Args:
        path: as written.
        kind: type of the made resource that the path is relative to; None for the output action.
        result_type: static type of the value (``System.String``, ``CodeableConcept``), or None.
        at: the dynamicValue.

    Raises:
        ParseError: the path cannot be read.
        TypeMismatchError: an element that does not exist, or cannot take the value.
        UnsupportedFeatureError: a function in the path, other than extension and ofType.
    """
    place = Where(at.artifact, at.element, path)
    steps = list(_steps(ACTION.sub("", path), kind or OUTPUT_ACTION, result_type, place))
    last = steps[-1]
    if isinstance(last, ExtensionStep):
        raise TypeMismatchError(place, "the path ends at an extension", "write .value behind it")
    if len(steps) > 1 and isinstance(steps[-2], ExtensionStep) and not last.type:
        return _extension_writer([*map(_descend, steps[:-2])], steps[-2].url, result_type, place)
    if not last.type:
        raise TypeMismatchError(place, "the type of value is not clear", "say it: value.ofType(Quantity)")
    if not may_hold(last.type, result_type):
        raise TypeMismatchError(
            place,
            f"{last.key} is a {last.type} and the expression gives a {result_type}",
            "convert it in the formula",
        )
    return _element_writer([_descend(step) for step in steps[:-1]], last, place)


def _steps(path: str, type_name: str, result_type: str | None, at: Where) -> Iterator[Step | ExtensionStep]:
    position = 0
    choice: ElementInfo | None = None
    while position < len(path):
        match = STEP.match(path, position)
        if match is None:
            raise ParseError(
                at, f"the path cannot be read from {path[position:]!r}", "use names, [n] and extension('url')"
            )
        if match["function"]:
            raise UnsupportedFeatureError(
                at,
                f"{match['function']}() in a dynamicValue path is not supported",
                "use names, [n] or extension('url')",
            )
        if match["type"]:
            if choice is None or match["type"] not in choice.types:
                raise TypeMismatchError(at, f"there is no choice of {match['type']}", "take ofType() out")
            yield _step_of(choice, match["type"], None)
            type_name, choice = match["type"], None
        elif choice is not None:
            raise TypeMismatchError(at, f"{choice.name} has several types", "write .ofType(T) behind it")
        elif match["url"]:
            yield ExtensionStep(match["url"])
            type_name = "Extension"
        else:
            index = None if match["index"] is None else int(match["index"])
            element, found = _element(match["name"].strip("`"), type_name, at)
            if found is None:
                choice = element
            else:
                yield _step_of(element, found, index)
                type_name = found
        position = match.end()
        if position < len(path):
            if path[position] != ".":
                raise ParseError(
                    at, f"the path cannot be read from {path[position:]!r}", "separate steps by a point"
                )
            position += 1
            if position == len(path):
                raise ParseError(at, "the path ends with a point", "name the element")
    if choice is not None and choice.name == "value":
        yield Step("value", "", False, None)
    elif choice is not None:
        key = _typed_key(choice, result_type, at)
        yield Step(key, dict(choice.json_keys)[key], choice.is_list, None)


def _step_of(element: ElementInfo, type_name: str, index: int | None) -> Step:
    key = next(key for key, name in element.json_keys if name == type_name)
    return Step(key, type_name, element.is_list, index)


def _typed_key(choice: ElementInfo, result_type: str | None, at: Where) -> str:
    key = value_key(choice.name, result_type)
    if key is None or key not in dict(choice.json_keys):
        raise TypeMismatchError(at, f"{choice.name} has several types", "write .ofType(T) behind it")
    return key


def _element(name: str, type_name: str, at: Where) -> tuple[ElementInfo, str | None]:
    """The element of a name, with its type; the type is None for a choice named without one."""
    info = type_info(type_name)
    elements = {} if info is None else info.elements
    if name in elements:
        element = elements[name]
        return element, None if element.is_choice else element.types[0]
    for element in elements.values():
        for key, of in element.json_keys:
            if key == name:
                return element, of
    raise TypeMismatchError(at, f"{type_name} has no element {name}", f"it has {', '.join(sorted(elements))}")


Descend = Callable[[dict[str, Any]], dict[str, Any]]


def _descend(step: Step | ExtensionStep) -> Descend:
    """Go one step down; what is missing on the way is made."""
    if isinstance(step, ExtensionStep):
        url = step.url

        def to_extension(holder: dict[str, Any]) -> dict[str, Any]:
            extensions: list[dict[str, Any]] = holder.setdefault("extension", [])
            for extension in extensions:
                if extension.get("url") == url:
                    return extension
            extensions.append({"url": url})
            return extensions[-1]

        return to_extension
    key, index = step.key, step.index or 0

    def to_item(holder: dict[str, Any]) -> dict[str, Any]:
        items: list[dict[str, Any]] = holder.setdefault(key, [])
        while len(items) <= index:
            items.append({})
        return items[index]

    def to_element(holder: dict[str, Any]) -> dict[str, Any]:
        element: dict[str, Any] = holder.setdefault(key, {})
        return element

    return to_item if step.is_list else to_element


def _element_writer(descents: list[Descend], last: Step, at: Where) -> Write:
    key, type_name, index = last.key, last.type, last.index
    primitive = is_primitive(type_name)
    simple = primitive and not last.is_list and not descents

    def write(target: dict[str, Any], value: Any) -> None:
        if simple and type(value) is str:
            target[key] = value
            return
        items = [
            fitting(item, type_name, primitive, at)
            for item in (value if isinstance(value, list) else [value])
        ]
        if not last.is_list and len(items) > 1:
            raise EvaluationError(
                at, f"{key} takes one value and the formula gave {len(items)}", "make it one"
            )
        for descend in descents:
            target = descend(target)
        if not last.is_list:
            target[key] = items[0]
        elif index is None:
            target[key] = items
        else:
            present = target.setdefault(key, [])
            if index > len(present):
                raise EvaluationError(
                    at, f"{key} has no item {index - 1} before {index}", "write the items in order"
                )
            present[index : index + 1] = items

    return write


def _extension_writer(descents: list[Descend], url: str, result_type: str | None, at: Where) -> Write:
    """All extensions of the url are replaced by one per value, with the type of the first of them."""

    def made(item: Any, key: str | None) -> dict[str, Any]:
        name = key or value_key("value", result_type, item)
        if name is None:
            raise EvaluationError(
                at, "the value's type is not clear", "write .value.ofType(T), or add a static value"
            )
        type_name, primitive = types.get(name) or types.setdefault(name, _type_of(name))
        return {"url": url, name: fitting(item, type_name, primitive, at)}

    types: dict[str, tuple[str, bool]] = {}

    def write(target: dict[str, Any], value: Any) -> None:
        for descend in descents:
            target = descend(target)
        present = target.get("extension", ())
        place: int | None = None
        key: str | None = None
        for position, extension in enumerate(present):
            if extension.get("url") == url:
                place = position
                key = next((name for name in extension if name.startswith("value")), None)
                break
        new = [made(item, key) for item in value] if type(value) is list else [made(value, key)]
        if place is None:
            target["extension"] = [*present, *new]
        else:
            after = [each for each in present[place + 1 :] if each.get("url") != url]
            target["extension"] = [*present[:place], *new, *after]

    return write


def _type_of(key: str) -> tuple[str, bool]:
    """``valueCode`` -> ``code``, a primitive; ``valueQuantity`` -> ``Quantity``, which is none."""
    type_name = key.removeprefix("value")
    lower = _lower(type_name)
    return (lower, True) if is_primitive(lower) else (type_name, is_primitive(type_name))


def _lower(type_name: str) -> str:
    return type_name[0].lower() + type_name[1:]

"""``dynamicValue.path``: compiled at load into a function that writes one value.

The subset of FHIRPath that FHIR R4 allows in ``ElementDefinition`` paths: names, ``[n]``,
``extension('url')`` (also ``extension.where(url = 'url')``) and ``ofType(T)``; choice elements also
by their JSON name (``occurrencePeriod``). Every name is checked against the model. ``%action.``
(also seen: ``action.``, and ``activity.`` of DSTU3) targets the output action, everything else the
request that was made; ``action.action[n].`` the n-th child of the action.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from fhir_gepnet.errors import EvaluationError, ParseError, TypeMismatchError, UnsupportedFeatureError, Where
from fhir_gepnet.fhir.model import ElementInfo, element, is_primitive, is_subtype, type_info
from fhir_gepnet.pathway.model import Write
from fhir_gepnet.pathway.path_values import fitting, may_hold, takes_text, value_key

ACTION = re.compile(r"^%?action\.|^activity\.")
CHILD = re.compile(r"^%?action\.action(?:\[(?P<number>\d+)\])?\.")
EXTENSION = r"extension(?:\(\s*'[^']+'\s*\)|\.where\(\s*url\s*=\s*'[^']+'\s*\))"
STEP = re.compile(
    r"""(?P<list>extension|modifierExtension)(?:\(\s*'(?P<url>[^']+)'\s*\)
        |\.where\(\s*url\s*=\s*'(?P<where>[^']+)'\s*\))
    | (?:ofType|as)\(\s*(?:FHIR\.)?(?P<type>[A-Za-z]+)\s*\)
    | (?P<function>[A-Za-z]+)\( | (?P<name>[A-Za-z]\w*|`[A-Za-z]\w*`)(?:\[x\])?(?:\[(?P<index>\d+)\])?""",
    re.VERBOSE,
)
FLAT = re.compile(rf"[A-Za-z]\w*|{EXTENSION}\.value")
OUTPUT_ACTION = "RequestGroup.Action"


@dataclass(frozen=True, slots=True)
class Step:
    """One step into JSON: the key, which item when it repeats, and what type is found there.

    The type is "" for ``value`` of an extension, which takes the type of what is written. ``rivals``
    are the other keys of a choice: what is written there replaces them.
    """

    key: str
    type: str
    is_list: bool
    index: int | None
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtensionStep:
    """A step to the extension with this url, in ``extension`` or ``modifierExtension``."""

    url: str
    list: str = "extension"


def is_on_action(path: str, kind: str | None = None) -> bool:
    """Whether a path names the output action explicitly.

    ``activity.`` means an element of the request when its type has one (CarePlan).
    """
    match = ACTION.match(path)
    if match is None:
        return False
    return match[0] != "activity." or kind is None or element(kind, "activity") is None


def child_path(path: str) -> tuple[int | None, str] | None:
    """Which child of the action a path means (None: it does not say), and the path on that child.

    None when the path means no child.
    """
    match = CHILD.match(path)
    if match is None:
        return None
    number = None if match["number"] is None else int(match["number"])
    return number, f"%action.{path[match.end() :]}"


def normal_form(path: str, kind: str) -> str:
    """A path into a request as JSON keys separated by points: ``medication.ofType(Reference)`` is
    ``medicationReference``."""
    bare = re.sub(r"\[\w+\]", "", _relative(path, kind))
    return re.sub(r"\.(?:ofType|as)\(\s*(?:FHIR\.)?(\w)(\w*)\s*\)", _capitalized, bare)


def _capitalized(match: re.Match[str]) -> str:
    return match[1].upper() + match[2]


def _relative(path: str, kind: str | None) -> str:
    """The path below its target; a leading type name (``Task.code``) is the target itself."""
    return path.removeprefix(f"{kind}.") if kind is not None else ACTION.sub("", path)


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
    steps = _beside_primitives(
        list(_steps(_relative(path, kind), kind or OUTPUT_ACTION, result_type, place)), place
    )
    last = steps[-1]
    if isinstance(last, ExtensionStep):
        raise TypeMismatchError(place, "the path ends at an extension", "write .value behind it")
    if len(steps) > 1 and isinstance(steps[-2], ExtensionStep) and not last.type:
        return _extension_writer(
            [_descend(step, place) for step in steps[:-2]], steps[-2], result_type, place
        )
    if not last.type:
        raise TypeMismatchError(place, "the type of value is not clear", "say it: value.ofType(Quantity)")
    if not may_hold(last.type, result_type):
        raise TypeMismatchError(
            place,
            f"{last.key} is a {last.type} and the expression gives a {result_type}",
            "convert it in the formula",
        )
    return _element_writer([_descend(step, place) for step in steps[:-1]], last, place)


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
        elif match["list"]:
            yield ExtensionStep(match["url"] or match["where"], match["list"])
            type_name = "Extension"
        else:
            index = None if match["index"] is None else int(match["index"])
            info, found = _element(match["name"].strip("`"), type_name, at)
            if found is None:
                choice = info
            else:
                yield _step_of(info, found, index)
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
    if choice is not None and type_name == "Extension":
        yield Step("value", "", False, None)
    elif choice is not None:
        key = _typed_key(choice, result_type, at)
        yield _step_of(choice, dict(choice.json_keys)[key], None)


def _step_of(info: ElementInfo, type_name: str, index: int | None) -> Step:
    key = next(key for key, name in info.json_keys if name == type_name)
    rivals = tuple(each for each, _ in info.json_keys if each != key)
    return Step(key, type_name, info.is_list, index, rivals)


def _beside_primitives(steps: list[Step | ExtensionStep], at: Where) -> list[Step | ExtensionStep]:
    """Extensions of a primitive are in JSON beside it: ``_priority``."""
    found: list[Step | ExtensionStep] = []
    for number, step in enumerate(steps):
        if isinstance(step, Step) and number < len(steps) - 1 and step.type and is_primitive(step.type):
            if step.is_list or not isinstance(steps[number + 1], ExtensionStep):
                raise UnsupportedFeatureError(
                    at, f"nothing can be written below {step.key}", "end the path there"
                )
            step = replace(step, key=f"_{step.key}", rivals=())
        found.append(step)
    return found


def _typed_key(choice: ElementInfo, result_type: str | None, at: Where) -> str:
    key = value_key(choice.name, result_type)
    if key not in dict(choice.json_keys) and result_type is not None and is_subtype(result_type, "Resource"):
        key = f"{choice.name}Reference"
    if key is None or key not in dict(choice.json_keys):
        raise TypeMismatchError(at, f"{choice.name} has several types", "write .ofType(T) behind it")
    return key


def _element(name: str, type_name: str, at: Where) -> tuple[ElementInfo, str | None]:
    """The element of a name, with its type; the type is None for a choice named without one."""
    info = type_info(type_name)
    elements = {} if info is None else info.elements
    if name in elements:
        named = elements[name]
        return named, None if named.is_choice else named.types[0]
    for each in elements.values():
        for key, of in each.json_keys:
            if key == name:
                return each, of
    raise TypeMismatchError(at, f"{type_name} has no element {name}", f"it has {', '.join(sorted(elements))}")


Descend = Callable[[dict[str, Any]], dict[str, Any]]


def _descend(step: Step | ExtensionStep, at: Where) -> Descend:
    """Go one step down; what is missing on the way is made, but for items before the one named."""
    if isinstance(step, ExtensionStep):
        url, name = step.url, step.list

        def to_extension(holder: dict[str, Any]) -> dict[str, Any]:
            extensions: list[dict[str, Any]] = holder.setdefault(name, [])
            for extension in extensions:
                if extension.get("url") == url:
                    return extension
            extensions.append({"url": url})
            return extensions[-1]

        return to_extension
    key, index = step.key, step.index or 0

    def to_item(holder: dict[str, Any]) -> dict[str, Any]:
        items: list[dict[str, Any]] = holder.setdefault(key, [])
        if len(items) < index:
            raise _gap(key, index, at)
        if len(items) == index:
            items.append({})
        return items[index]

    def to_element(holder: dict[str, Any]) -> dict[str, Any]:
        for rival in step.rivals:
            holder.pop(rival, None)
        found: dict[str, Any] = holder.setdefault(key, {})
        return found

    return to_item if step.is_list else to_element


def _gap(key: str, index: int, at: Where) -> EvaluationError:
    return EvaluationError(at, f"{key} has no item {index - 1} before {index}", "write the items in order")


def _element_writer(descents: list[Descend], last: Step, at: Where) -> Write:
    key, type_name, index, rivals = last.key, last.type, last.index, last.rivals
    primitive = is_primitive(type_name)
    simple = takes_text(type_name) and not last.is_list and not descents and not rivals

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
        for rival in rivals:
            target.pop(rival, None)
        if not last.is_list:
            target[key] = items[0]
        elif index is None:
            target[key] = items
        else:
            present = target.setdefault(key, [])
            if index > len(present):
                raise _gap(key, index, at)
            present[index : index + 1] = items

    return write


def _extension_writer(
    descents: list[Descend], step: ExtensionStep, result_type: str | None, at: Where
) -> Write:
    """All extensions of the url are replaced by one per value, with the type of the first of them."""

    def made(item: Any, key: str | None) -> dict[str, Any]:
        name = key or value_key("value", result_type, item)
        if name is None:
            raise EvaluationError(
                at, "the value's type is not clear", "write .value.ofType(T), or add a static value"
            )
        type_name, primitive = types.get(name) or types.setdefault(name, _type_of(name))
        return {"url": url, name: fitting(item, type_name, primitive, at)}

    url, name_of_list = step.url, step.list
    types: dict[str, tuple[str, bool]] = {}

    def write(target: dict[str, Any], value: Any) -> None:
        for descend in descents:
            target = descend(target)
        present = target.get(name_of_list, ())
        place: int | None = None
        key: str | None = None
        for position, extension in enumerate(present):
            if extension.get("url") == url:
                place = position
                key = next((name for name in extension if name.startswith("value")), None)
                break
        new = [made(item, key) for item in value] if type(value) is list else [made(value, key)]
        if place is None:
            target[name_of_list] = [*present, *new]
        else:
            after = [each for each in present[place + 1 :] if each.get("url") != url]
            target[name_of_list] = [*present[:place], *new, *after]

    return write


def _type_of(key: str) -> tuple[str, bool]:
    """``valueCode`` -> ``code``, a primitive; ``valueQuantity`` -> ``Quantity``, which is none."""
    type_name = key.removeprefix("value")
    lower = _lower(type_name)
    return (lower, True) if is_primitive(lower) else (type_name, is_primitive(type_name))


def _lower(type_name: str) -> str:
    return type_name[0].lower() + type_name[1:]

"""``Observation.where(code.coding.exists(system = … and code = …))`` of a record becomes a look-up.

Rewrites the typed form, so that both back ends profit. The answer must be the one that a walk over
all resources gives, in its order and with its errors. So a look-up stands for a condition only
where nothing is evaluated before it that could break on a resource that the look-up leaves out;
the record (``PatientRecord.looked_up``) refuses data on which the paths themselves break, and the plain
form, which stays beside, is evaluated then.
"""

from __future__ import annotations

from collections.abc import Sequence

from fhir_gepnet.fhir.path_index import Lookup, Path, PathStep
from fhir_gepnet.logic.fhirpath.navigation import Step
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.form import BOOLEAN, FHIR, STRING, Form, Named

LITERAL = "fhirpath.literal"
_CODING = Named(FHIR + "Coding")


def with_lookups(form: Form, slots: int) -> tuple[Form, int]:
    """The form with coded conditions on all resources of a type as look-ups, and how many slots it needs.

    A look-up is ``fhirpath.looked_up``; ``detail``: (Lookup, slot). Operands: the form as it was, for
    records that cannot be looked up, and the form on the resources found, which stand in the slot.
    """
    operands = []
    for operand in form.operands:
        rewritten, slots = with_lookups(operand, slots)
        operands.append(rewritten)
    if any(new is not old for new, old in zip(operands, form.operands, strict=True)):
        return Form(form.operator, form.type, tuple(operands), form.detail, form.at), slots
    if form.operator in ("fhirpath.where", "fhirpath.exists_where"):
        found = _looked_up(form, slots)
        if found is not None:
            return found, slots + 1
    return form, slots


def _looked_up(form: Form, slot: int) -> Form | None:
    source, criterion = form.operands
    this, index = form.detail
    walked: list[Path] = []
    filters: list[Form] = []
    while source.operator == "fhirpath.where":
        paths = None if source.detail.number else walks(source.operands[1], source.detail.this)
        if paths is None:
            return None
        walked += paths
        filters.append(source)
        source = source.operands[0]
    if source.operator != "fhirpath.retrieve" or index:
        return None
    conditions = _parts(criterion)
    for position, condition in enumerate(conditions):
        asked = _question(condition, this)
        if asked is not None:
            path, system, code = asked
            lookup = Lookup(source.detail, path, system, code, tuple(dict.fromkeys(walked)))
            rest = conditions[:position] + conditions[position + 1 :]
            found = Form("fhirpath.slot", source.type, (), slot, source.at)
            for each in reversed(filters):
                found = Form(each.operator, each.type, (found, each.operands[1]), each.detail, each.at)
            found = _remaining(form, found, rest)
            return Form("fhirpath.looked_up", form.type, (form, found), (lookup, slot), form.at)
        paths = walks(condition, this)
        if paths is None:
            return None
        walked += paths
    return None


def _remaining(form: Form, source: Form, rest: Sequence[Form]) -> Form:
    """The filter on what was found, with the conditions that are left."""
    if not rest:
        if form.operator == "fhirpath.where":
            return source
        return Form("fhirpath.exists", BOOLEAN, (source,), None, form.at)
    criterion, *others = rest
    for other in others:
        criterion = Form("fhirpath.and", BOOLEAN, (criterion, other), None, form.operands[1].at)
    return Form(form.operator, form.type, (source, criterion), form.detail, form.at)


def _parts(form: Form) -> list[Form]:
    """What ``and`` joins, in the order in which it is evaluated."""
    if form.operator != "fhirpath.and":
        return [form]
    left, right = form.operands
    return _parts(left) + _parts(right)


def _question(form: Form, this: int) -> tuple[Path, str | None, str] | None:
    """(path, system, code) of a condition that only asks for a coding of ``$this``."""
    equalities: list[Form] = []
    if form.operator == "fhirpath.exists":
        (source,) = form.operands
        if source.operator != "fhirpath.where":
            return None
    elif form.operator == "fhirpath.exists_where":
        source = form
    else:
        return None
    wanted: dict[str, str] = {}
    while source.operator in ("fhirpath.where", "fhirpath.exists_where"):
        if source.detail.number:
            return None
        equalities = _parts(source.operands[1])
        for equality in equalities:
            named = element_and_text(equality, source.detail.this)
            if named is None or named[0] in wanted:
                return None
            wanted[named[0]] = named[1]
        source = source.operands[0]
    if source.operator == "fhirpath.collection":
        (source,) = source.operands
    path = _path(source, this)
    if path is None or path[-1].primitive or item_type(source) != _CODING:
        return None
    if not {"code"} <= wanted.keys() <= {"code", "system"}:
        return None
    return path, wanted.get("system"), wanted["code"]


def element_and_text(form: Form, slot: int) -> tuple[str, str] | None:
    """(JSON key, text) of ``element = 'text'``, in either order, of the item in a slot.

    Such an equality breaks on no object: a value that is no text is unknown.
    """
    if form.operator != "fhirpath.equal":
        return None
    for element, constant in (form.operands, form.operands[::-1]):
        if constant.operator != LITERAL or type(constant.detail) is not str:
            continue
        if element.operator != "fhirpath.system" or element.type != STRING:
            continue
        (path,) = element.operands
        if path.operator != "fhirpath.navigate" or len(path.detail) != 1:
            continue
        (source,), (step,) = path.operands, path.detail
        if source.operator == "fhirpath.slot" and source.detail == slot and _is_single_key(step):
            return step.keys[0][0], constant.detail
    return None


def _is_single_key(step: Step) -> bool:
    return len(step.keys) == 1 and not step.typed


def _path(form: Form, this: int) -> Path | None:
    """The JSON keys of a path from ``$this``, None when it is not a plain one."""
    if form.operator != "fhirpath.navigate" or not all(map(_is_single_key, form.detail)):
        return None
    (source,) = form.operands
    if source.operator != "fhirpath.slot" or source.detail != this:
        return None
    return tuple(PathStep(step.keys[0][0], step.many, step.primitive) for step in form.detail)


def walks(form: Form, this: int) -> list[Path] | None:
    """The paths that a condition on ``$this`` walks when nothing else in it can break; None when it may."""
    if form.operator == LITERAL or element_and_text(form, this) is not None:
        return []
    if form.operator in ("fhirpath.exists", "fhirpath.empty"):
        return _walks_of(form.operands[0], this)
    if form.operator in ("fhirpath.equal", "fhirpath.not_equal"):
        if any(item_type(operand) != STRING for operand in form.operands):
            return None
        return _together([_walks_of(operand, this) for operand in form.operands])
    if form.operator in ("fhirpath.and", "fhirpath.or", "fhirpath.not"):
        return _together([walks(operand, this) for operand in form.operands])
    return None


def _walks_of(form: Form, this: int) -> list[Path] | None:
    """The path of a text or collection that is compared or counted."""
    if form.operator == LITERAL:
        return []
    source = form.operands[0] if form.operator == "fhirpath.system" and form.detail else form
    path = _path(source, this)
    return None if path is None else [path]


def _together(found: Sequence[list[Path] | None]) -> list[Path] | None:
    paths: list[Path] = []
    for each in found:
        if each is None:
            return None
        paths += each
    return paths

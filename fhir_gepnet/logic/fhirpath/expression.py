"""FHIRPath expressions, compiled once and called per resource or record.

The type of the root decides what names mean. It is taken from ``root_type`` or, without it,
from the resource at hand: an expression keeps one program per root type that it has met.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from fhir_gepnet.errors import EvaluationError, InvocationError, TypeMismatchError, Where
from fhir_gepnet.fhir.record import PatientRecord
from fhir_gepnet.logic.budget import Account, Budget
from fhir_gepnet.logic.closures.fhirpath_items import several
from fhir_gepnet.logic.fhirpath import schema
from fhir_gepnet.logic.fhirpath.address import Source
from fhir_gepnet.logic.fhirpath.crossings import did_you_mean
from fhir_gepnet.logic.fhirpath.environment import Environment
from fhir_gepnet.logic.fhirpath.front_end import Typed, typed
from fhir_gepnet.logic.fhirpath.parser import parse
from fhir_gepnet.logic.fhirpath.place import Root
from fhir_gepnet.logic.fhirpath.plain import plain_items
from fhir_gepnet.logic.fhirpath.running import BACK_ENDS, Run, run_of
from fhir_gepnet.logic.fhirpath.static_data import first_names, types_read
from fhir_gepnet.logic.fhirpath.syntax import Node

if TYPE_CHECKING:
    from fhir_gepnet.logic.observe import Recorder

Fhirpath = Callable[..., list[Any]]
Trace = Callable[[str, list[Any]], None]

OF_RECORD = Root("Patient", record=True)

CONDITION_VARIABLES = ("action", "practitioner", "organization", "encounter", "location", "device", "request")
"""Variables that PlanDefinition/$apply may give beside the subject; [] when there is none."""


def compile_fhirpath(
    text: str,
    *,
    root_type: str | None = None,
    variables: Collection[str] = (),
    where: Where | None = None,
    back_end: str = "source",
) -> Fhirpath:
    """Compile an expression.

    Args:
        text: FHIRPath 2.0 (normative), with FHIR R4's functions and variables.
        root_type: FHIR type of what it will be called with. Without it the type is read from the
            resource, so unknown elements are found at the first call instead of here; an
            expression that begins with a resource type (``Patient.name``) is checked here anyway.
        variables: names of ``%variables`` that the caller will hand in.
        where: address of the artefact that holds the text, for messages.
        back_end: ``source`` (generated Python) or ``closures``; they give the same answers.

    Returns:
        ``f(resource, *, now=None, trace=None, budget=None, recorder=None, **variables)`` -> list of
        plain values.
        ``resource`` is parsed JSON or a PatientRecord (see ``compile_condition``); ``now`` is an aware
        datetime, needed by now(), today() and timeOfDay() only; ``trace(label, items)`` is called by
        trace(); ``budget`` is a ``Budget``, None for no limits;
        a ``Recorder`` notes what every part gave. These names cannot be names of variables.
        The function raises EvaluationError when the expression breaks on the data,
        PatientDataError when the JSON has not the shape of FHIR R4, BudgetExceededError when it takes
        more than its budget or nests deeper than Python's stack, InvocationError for a naive
        ``now`` or a variable that was not declared.

    Raises:
        ParseError: the text cannot be read.
        TypeMismatchError: an unknown function, element, type or variable, a wrong arity, operands
            that never fit.
        UnsupportedFeatureError: a function that exists and is not carried out.
        InvocationError: a variable has the name of something else that the function takes.
    """
    for name in TAKEN.intersection(variables):
        raise InvocationError(f"%{name} cannot be handed in: {name} means something else in the call")
    compiled = _Compiled(text, where, tuple(variables), back_end)
    fixed: Run | None = None
    if root_type is not None:
        if not schema.known(root_type):
            raise TypeMismatchError(
                compiled.source.at(0),
                f"there is no FHIR type {root_type}",
                did_you_mean(root_type, schema.type_names()),
            )
        fixed = compiled.program(Root(root_type))
    else:
        compiled.check_early()

    def evaluate(
        resource: Any,
        *,
        now: datetime | None = None,
        trace: Trace | None = None,
        budget: Budget | None = None,
        recorder: Recorder | None = None,
        **given: Any,
    ) -> list[Any]:
        if recorder is not None:
            record = resource if isinstance(resource, PatientRecord) else None
            root = OF_RECORD if record else Root(root_type) if root_type else _root_of(resource)
            at_root = resource if record is None else record.patient
            account = None if budget is None else budget.opened()
            environment = Environment(at_root, record, aware(now), trace, account)
            return plain_items(compiled.recorded(root, recorder)(environment, at_root, given))
        account = None if budget is None else budget.opened()
        if isinstance(resource, PatientRecord):
            environment = Environment(resource.patient, resource, aware(now), trace, account)
            return plain_items(compiled.of_record()(environment, resource.patient, given))
        run = fixed or compiled.of(resource)
        return plain_items(run(Environment(resource, None, aware(now), trace, account), resource, given))

    return evaluate


TAKEN = frozenset({"now", "trace", "budget", "recorder"})
"""What the compiled function takes beside variables."""


class _Compiled:
    """One parsed expression with a program per root type."""

    __slots__ = ("_back_end", "_by_name", "_of_record", "_programs", "_typed", "names", "source", "tree")

    def __init__(self, text: str, where: Where | None, names: tuple[str, ...], back_end: str) -> None:
        if back_end not in BACK_ENDS:
            raise InvocationError(f"there is no back end {back_end!r}; choose source or closures")
        self.source = Source(text, where) if where else Source(text)
        self.tree: Node = parse(text, where)
        self.names = names
        self._back_end = back_end
        # Filled at load when the type is known, else once per type; a race only compiles twice.
        self._typed: dict[Root, Typed] = {}
        self._programs: dict[Root, Run] = {}
        self._by_name: dict[str, Run] = {}
        self._of_record: Run | None = None

    def typed(self, root: Root) -> Typed:
        """The typed form for one kind of root."""
        found = self._typed.get(root)
        if found is None:
            found = self._typed[root] = typed(self.tree, self.source, root, self.names)
        return found

    def program(self, root: Root) -> Run:
        """What evaluates it on one kind of root, compiled on the first request."""
        found = self._programs.get(root)
        if found is None:
            found = self._programs[root] = run_of(self.typed(root), root, self.source.at(0), self._back_end)
        return found

    def of_record(self) -> Run:
        """What evaluates it on the patient of a record."""
        found = self._of_record
        if found is None:
            found = self._of_record = self.program(OF_RECORD)
        return found

    def of(self, resource: Any) -> Run:
        """What evaluates it on a resource; its type decides."""
        name = resource.get("resourceType") if type(resource) is dict else None
        found = self._by_name.get(name) if type(name) is str else None
        if found is None:
            root = _root_of(resource)
            found = self.program(root)
            if root.type_name:
                self._by_name[root.type_name] = found
        return found

    def recorded(self, root: Root, recorder: Recorder) -> Run:
        """The closure for one kind of root with every node recorded."""
        make = partial(run_of, self.typed(root), root, self.source.at(0), "closures", recorder)
        return recorder.expression((self, root), make)  # type: ignore[no-any-return]

    def check_early(self) -> None:
        """Type the expression now, when its first name says what it will be evaluated on."""
        roots = {name for name in first_names(self.tree) if schema.known(name) and schema.is_resource(name)}
        concrete = roots - schema.OPEN_TYPES
        if len(concrete) > 1:
            return
        try:
            if concrete:
                self.program(Root(concrete.pop()))
            else:
                # Without a type elements cannot be checked; functions, arities and variables are.
                self.typed(Root(""))
        except TypeMismatchError:
            # It may be meant for a PatientRecord, where every resource type is a name.
            if not self._fits_record():
                raise

    def _fits_record(self) -> bool:
        try:
            self.program(OF_RECORD)
        except TypeMismatchError:
            return False
        return True


def _root_of(resource: Any) -> Root:
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    return Root(name) if isinstance(name, str) and schema.known(name) else Root("")


def aware(now: datetime | None) -> datetime | None:
    """``now`` as it is; a naive one is the caller's error."""
    if now is not None and now.utcoffset() is None:
        raise InvocationError("now has no zone; hand in an aware datetime")
    return now


class Condition:
    """A FHIRPath condition of a plan, compiled for a patient's record.

    Call it with a PatientRecord, or with a resource when there is no record. In a plan a condition
    has no other root than the patient's data, so our choice is: ``Patient`` and bare elements mean
    the patient, and the name of any other resource type all resources of that type in the record:
    ``Observation.where(status = 'final').exists()``.

    Attributes:
        text: the expression.
        retrieved_types: resource types that it reads.
    """

    __slots__ = ("_compiled", "retrieved_types", "text")

    def __init__(
        self, text: str, where: Where | None, variables: Collection[str], root: Root | None, back_end: str
    ) -> None:
        self.text = text
        names = tuple(dict.fromkeys((*CONDITION_VARIABLES, *variables)))
        self._compiled = _Compiled(text, where, names, back_end)
        self._compiled.program(root or OF_RECORD)
        self.retrieved_types = types_read(self._compiled.tree)

    def typed(self) -> Typed:
        """What it means on a record, typed, for other readers of forms; made anew at each call."""
        compiled = self._compiled
        return typed(compiled.tree, compiled.source, Root("Patient", record=True), compiled.names)

    def __call__(
        self,
        root: PatientRecord | dict[str, Any],
        *,
        now: datetime | None = None,
        variables: Mapping[str, Any] | None = None,
        account: Account | None = None,
    ) -> bool | None:
        """True, False, or None when the result is empty (unknown).

        Raises:
            EvaluationError: more than one item, an item that is no boolean, or a formula that broke.
        """
        items = self.items(root, now=now, variables=variables, account=account)
        if not items:
            return None
        at = self._compiled.source.at(0)
        if len(items) > 1:
            raise several(at, len(items))
        if type(items[0]) is not bool:
            raise EvaluationError(at, "the condition is no boolean", "compare it, or use exists()")
        return items[0]

    def items(
        self,
        root: PatientRecord | dict[str, Any],
        *,
        now: datetime | None = None,
        variables: Mapping[str, Any] | None = None,
        account: Account | None = None,
    ) -> list[Any]:
        """The result as plain values, for a ``dynamicValue`` written in FHIRPath."""
        given = _NONE_GIVEN if variables is None else {**_NONE_GIVEN, **variables}
        if isinstance(root, PatientRecord):
            environment = Environment(root.patient, root, aware(now), None, account)
            return plain_items(self._compiled.of_record()(environment, root.patient, given))
        environment = Environment(root, None, aware(now), None, account)
        return plain_items(self._compiled.of(root)(environment, root, given))


_NONE_GIVEN: dict[str, Any] = dict.fromkeys(CONDITION_VARIABLES, cast(Any, []))


def compile_condition(
    text: str,
    *,
    variables: Collection[str] = (),
    where: Where | None = None,
    root_type: str | None = None,
    back_end: str = "source",
) -> Condition:
    """Compile a condition or dynamic value of a plan; see ``Condition``.

    Args:
        text: FHIRPath. ``%context``, ``%resource``, ``%subject``, ``%patient``, ``%ucum``, ``%sct`` and
            ``%loinc`` are known, and ``CONDITION_VARIABLES``, which are empty unless handed in.
        variables: further names that the caller will hand in.
        root_type: type of the resource it will be called with, when that is not a record.
        back_end: as for ``compile_fhirpath``.

    Raises:
        As ``compile_fhirpath``, and everything here already.
    """
    return Condition(text, where, variables, Root(root_type) if root_type else None, back_end)


def retrieved_types(text: str) -> frozenset[str]:
    """Resource types that an expression reads from a record, Patient included when it reads elements of it.

    Raises:
        ParseError: the text cannot be read.
    """
    return types_read(parse(text))

"""Recording: what every part of a formula gave, and which resources it looked at.

A third reader of the typed form, beside closures and generated source: a recorder closes the forms
once more, each node wrapped. Evaluations without a recorder never meet it, and cost nothing for it.
The wrapped closures are those of the closure back end, so values and errors are the same; they need
about twice the depth of Python's stack.

Granularity: parts that were computed while loading are one constant, which is not listed; nodes without
an address of their own (conversions that a translator adds) count as the node around them. Where a
back end does two nodes in one step (``exists`` over a query, several steps of a path), the inner one
is reached without evaluations of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_gepnet.logic.closures.elm_back_end import close_all
from fhir_gepnet.logic.definitions import Definition, Function
from fhir_gepnet.logic.fhirpath.plain import plain_node
from fhir_gepnet.logic.form import Form
from fhir_gepnet.logic.scope import Evaluate
from fhir_gepnet.logic.surface import to_plain

if TYPE_CHECKING:
    from fhir_gepnet.logic.program import Library, Program

KINDS = ("true", "false", "null", "other", "failed")
"""What an evaluation of a node can give; ``null`` is also FHIRPath's empty collection."""
LITERALS = frozenset({"elm.Literal", "fhirpath.literal"})
KEPT = frozenset({"elm.ExpressionRef", "elm.Once"})
"""Operators whose value is computed once per evaluation; their detail is a slot of the memo."""
AROUND = frozenset(
    {"fhirpath.system", "elm.Once", "elm.ToChoice", "elm.ToDecimal", "elm.ToIntervalOf", "elm.ToListOf"}
)
"""Operators that loading may put around a node, at the node's address."""
BROKEN: Any = object()
Touched = dict[str, None]
"""References of resources, in the order in which they were met."""


class Address(NamedTuple):
    """Where a node stands: what identifies it in every recording of the same content."""

    artifact: str
    definition: str  # a define, a function, or the line of a FHIRPath expression
    local_id: str = ""
    locator: str = ""
    column: int = -1  # into a FHIRPath expression; ELM has none


@dataclass(slots=True, eq=False)
class Seen:
    """What was seen of one node, or of a whole define.

    Attributes:
        counts: evaluations by kind (``KINDS``).
        values: plain values of the first evaluations, in order; whole resources as they are.
        touched: references (``Observation/o1``) of the resources that it or its parts met.
        reached: evaluated, or a part of it was.
    """

    address: Address
    operator: str
    inside: Seen | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    values: list[Any] = field(default_factory=list)
    touched: Touched = field(default_factory=dict)
    reached: bool = False

    @property
    def evaluations(self) -> int:
        """How often it was evaluated."""
        return sum(self.counts.values())

    @property
    def verdict(self) -> str:
        """``not reached``, the one kind of all evaluations, or ``several``; ``in part`` without its own."""
        kinds = [kind for kind, count in self.counts.items() if count]
        if not kinds:
            return "in part" if self.reached else "not reached"
        return kinds[0] if len(kinds) == 1 else "several"


class Told(NamedTuple):
    """How values of one language are told: as plain values, and by kind."""

    plain: Callable[[Any], Any]
    kind: Callable[[Any], str]


class Watching(NamedTuple):
    """What ``close`` asks of a program: here only how nodes are wrapped."""

    watch: Callable[[Form, Evaluate], Evaluate]


class Recorder:
    """Records one or many evaluations, of one thread; hand it to ``evaluate`` or to a FHIRPath function.

    Args:
        values: how many values are kept per node; counts go on beyond it.

    Attributes:
        seen: everything there is to see by its address, also what was never reached.
    """

    def __init__(self, values: int = 20) -> None:
        self.seen: dict[Address, Seen] = {}
        self._limit = values
        self._by_form: dict[int, Seen] = {}
        self._twins: dict[Program, list[Definition]] = {}
        self._expressions: dict[Any, Any] = {}
        self._touched: Touched = {}
        self._kept: dict[int, Touched] = {}

    # What evaluations ask for

    def definitions_of(self, library: Library) -> Mapping[str, Definition]:
        """The recorded twins of a library's definitions, for one more evaluation."""
        self._touched, self._kept = {}, {}
        program = library.libraries.program
        if program not in self._twins:
            self._twins[program] = self._twin(program)
        twins = self._twins[program]
        return {name: twins[definition.slot] for name, definition in library.definitions.items()}

    def expression(self, key: Any, make: Callable[[], Any]) -> Any:
        """The recorded twin of a FHIRPath expression, made on the first request."""
        self._touched, self._kept = {}, {}
        if key not in self._expressions:
            self._expressions[key] = make()
        return self._expressions[key]

    def watching(self, form: Form) -> Watching:
        """For ``close``: the nodes of a FHIRPath form are recorded."""
        self._enlist(form, None, ())
        return Watching(self._watcher(OF_ITEMS))

    # What comes out

    def trace(self) -> list[dict[str, Any]]:
        """One entry per define, function or expression with its nodes, as JSON.

        Whole resources are shortened to ``{"reference": "Observation/o1"}``.
        """
        return _by_definition(
            self.seen.values(),
            lambda seen: {
                "verdict": seen.verdict,
                "evaluations": seen.evaluations,
                "values": [shortened(value) for value in seen.values],
                "touched": list(seen.touched),
            },
        )

    # Inside

    def _twin(self, program: Program) -> list[Definition]:
        """The program closed again, recorded; the original is not touched."""
        definitions = [replace(each) for each in program.definitions]
        functions = {number: replace(each, body=None) for number, each in program.functions.items()}
        for each in definitions:
            self._enlist(each.form, self._whole(each.library, each.name, each.form), ())
        for function in functions.values():
            if function.form is not None:
                self._enlist(function.form, self._whole(function.library, function.name, function.form), ())
        twin = replace(program, definitions=definitions, functions=functions, watch=self._watcher(OF_VALUES))
        units: list[Definition | Function] = [*definitions, *functions.values()]
        problems: list[Any] = []
        close_all(units, twin, problems)
        if problems:
            raise problems[0]
        for each in definitions:
            seen = self.seen[Address(each.library, each.name)]
            each.run = self._observed(each.run, OF_VALUES, seen, each.slot)
        for function in functions.values():
            if function.body is not None:
                seen = self.seen[Address(function.library, function.name)]
                function.body = self._observed(function.body, OF_VALUES, seen, None)
        return definitions

    def _whole(self, artifact: str, name: str, form: Form) -> Seen:
        address = Address(artifact, name)
        return self.seen.setdefault(address, Seen(address, _operator(form)))

    def _observed(
        self, run: Callable[[Any], Any], told: Told, seen: Seen | None, kept: int | None
    ) -> Callable[[Any], Any]:
        """The function, noted each time; ``kept``: the slot in which its value is kept."""

        def observed(state: Any) -> Any:
            outer, here = self._touched, Touched()
            self._touched, value = here, BROKEN
            try:
                value = run(state)
                return value
            finally:
                if kept is not None:
                    # Asked again, the value comes from the memo, and nothing is touched anew.
                    here.update(self._kept.setdefault(kept, here))
                self._leave(value, told, seen, outer)

        return observed

    def _enlist(self, form: Form, inside: Seen | None, around: tuple[Address, ...]) -> None:
        """Everything that has an address of its own gets a place among what is seen."""
        address = _address(form)
        if address is not None and address not in around and form.operator not in LITERALS:
            seen = self.seen.setdefault(address, Seen(address, _operator(form), inside))
            self._by_form[id(form)] = inside = seen
            around = (*around, address)
        for operand in form.operands:
            self._enlist(operand, inside, around)

    def _watcher(self, told: Told) -> Callable[[Form, Evaluate], Evaluate]:
        def watch(form: Form, run: Evaluate) -> Evaluate:
            kept = form.detail if form.operator in KEPT else None
            return self._observed(run, told, self._by_form.get(id(form)), kept)

        return watch

    def _leave(self, value: Any, told: Told, seen: Seen | None, outer: Touched) -> None:
        """Note what a node gave, and give what it touched to the node around it."""
        here = self._touched
        here.update(dict.fromkeys(_resources_in(value)))
        if seen is not None:
            seen.counts["failed" if value is BROKEN else told.kind(value)] += 1
            seen.touched.update(here)
            if value is not BROKEN and len(seen.values) < self._limit:
                seen.values.append(told.plain(value))
            around: Seen | None = seen
            while around is not None and not around.reached:
                around.reached = True
                around = around.inside
        outer.update(here)
        self._touched = outer


def coverage_of(recorders: Iterable[Recorder]) -> list[dict[str, Any]]:
    """How often each define and each node was true, false, null, something else, or broke, as JSON.

    Args:
        recorders: of evaluations of the same content, from whatever loads of it.

    Returns:
        One entry per define, function or expression: its address, ``evaluations``, ``true``, ``false``,
        ``null``, ``other``, ``failed``, ``reached``, and ``nodes`` with the same of each node.
    """
    merged: dict[Address, Seen] = {}
    for recorder in recorders:
        for address, seen in recorder.seen.items():
            total = merged.setdefault(address, Seen(address, seen.operator))
            total.reached = total.reached or seen.reached
            for kind, count in seen.counts.items():
                total.counts[kind] += count
    return _by_definition(
        merged.values(),
        lambda seen: {"evaluations": seen.evaluations, **seen.counts, "reached": seen.reached},
    )


def _by_definition(
    everything: Iterable[Seen], told: Callable[[Seen], dict[str, Any]]
) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for seen in everything:
        artifact, definition, local_id, locator, column = seen.address
        group = found.setdefault((artifact, definition), {"artifact": artifact, "definition": definition})
        if not local_id and not locator and column < 0:
            group.update(told(seen))
            continue
        place: dict[str, Any] = {"localId": local_id, "locator": locator}
        place = {name: text for name, text in place.items() if text}
        if column >= 0:
            place["column"] = column
        group.setdefault("nodes", []).append({**place, "operator": seen.operator, **told(seen)})
    return list(found.values())


def shortened(value: Any) -> Any:
    """A plain value with a reference in the place of every whole resource."""
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if isinstance(value, dict):
        if isinstance(value.get("resourceType"), str):
            return {"reference": _reference(value)}
        return {name: shortened(item) for name, item in value.items()}
    return value


def _address(form: Form) -> Address | None:
    """The address of a node; None when it has none of its own."""
    at = form.at
    if form.operator.startswith("fhirpath."):
        return Address(at.artifact, at.text, "", at.element, at.column)
    locator = "" if at.element == f"node {at.local_id}" else at.element
    return Address(at.artifact, at.text, at.local_id, locator) if at.local_id or locator else None


def _operator(form: Form) -> str:
    """What the author wrote: beneath what loading put around it."""
    while form.operator in AROUND and form.operands[0].at == form.at:
        form = form.operands[0]
    return form.operator


def kind_of_value(value: Any) -> str:
    """``KINDS`` of a value of CQL."""
    return _KINDS.get(value, "other") if value is None or type(value) is bool else "other"


def kind_of_items(value: Any) -> str:
    """``KINDS`` of a FHIRPath collection, or of its only item."""
    if type(value) is list and len(value) < 2:
        value = value[0] if value else None
    return kind_of_value(value)


_KINDS = {True: "true", False: "false", None: "null"}


def _resources_in(value: Any) -> Iterator[str]:
    """References of the resources that a value is or lists."""
    for item in value if type(value) is list else (value,):
        if type(item) is dict and type(item.get("resourceType")) is str:
            yield _reference(item)


def _reference(resource: Mapping[str, Any]) -> str:
    identifier = resource.get("id")
    kind: str = resource["resourceType"]
    return f"{kind}/{identifier}" if isinstance(identifier, str) else kind


OF_VALUES = Told(to_plain, kind_of_value)
OF_ITEMS = Told(plain_node, kind_of_items)

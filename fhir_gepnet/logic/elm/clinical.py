"""ELM chapter Clinical Operators: codes, concepts, value sets, membership, age."""

from __future__ import annotations

from fhir_gepnet.errors import UnsupportedFeatureError
from fhir_gepnet.fhir.coding import Code, Concept
from fhir_gepnet.logic.elm.reader import Reading, builds, literal, operand_nodes, operands_of
from fhir_gepnet.logic.elm.type_specifiers import Node
from fhir_gepnet.logic.form import (
    BOOLEAN,
    CODE,
    CODE_SYSTEM,
    CONCEPT,
    DATE,
    DATE_TIME,
    INTEGER,
    VALUE_SET,
    Form,
    ListOf,
)


@builds("CodeRef")
def code_reference(node: Node, reading: Reading) -> Form:
    """A code that the library (or an included one) declares."""
    at = reading.at(node)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    return literal(reading.linking.code(library, node["name"], at), CODE, at)


@builds("ConceptRef")
def concept_reference(node: Node, reading: Reading) -> Form:
    """A concept that the library (or an included one) declares."""
    at = reading.at(node)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    return literal(reading.linking.concept(library, node["name"], at), CONCEPT, at)


@builds("ValueSetRef")
def value_set_reference(node: Node, reading: Reading) -> Form:
    """A value set with its expansion; where the translator did not preserve it, a list of codes."""
    value_set = value_set_named(node, reading)
    if node.get("preserve") or reading.type_of(node, ListOf(CODE)) == VALUE_SET:
        return value_set
    return Form("elm.ExpandValueSet", ListOf(CODE), (value_set,), None, value_set.at)


def value_set_named(node: Node, reading: Reading) -> Form:
    """The value set that a ``ValueSetRef`` names, whatever it stands for there."""
    at = reading.at(node)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    return literal(reading.linking.value_set(library, node["name"], at), VALUE_SET, at)


def value_set_form(node: Node, reading: Reading) -> Form:
    """An expression that must give a value set.

    Raises:
        UnsupportedFeatureError: it is made by an instance selector, so that its codes are not known.
    """
    if node.get("type") == "ValueSetRef":
        return value_set_named(node, reading)
    form = reading.read(node)
    if form.operator == "elm.Instance":
        problem = "a value set made by an instance selector has no codes"
        raise UnsupportedFeatureError(form.at, problem, "declare it with valueset")
    return form


@builds("CodeSystemRef")
def code_system_reference(node: Node, reading: Reading) -> Form:
    """A code system: its URL and version, which is all that membership by system needs."""
    at = reading.at(node)
    library = reading.linking.library_named(reading.library, node.get("libraryName"), at)
    return literal(reading.linking.vocabulary(library, node["name"], at), CODE_SYSTEM, at)


def _code(node: Node, reading: Reading) -> Code:
    at = reading.at(node)
    system = node.get("system") or {}
    library = reading.linking.library_named(reading.library, system.get("libraryName"), at)
    url = reading.linking.code_system(library, system["name"], at) if system.get("name") else None
    return Code(str(node["code"]), url, None, node.get("display"))


@builds("Code")
def code(node: Node, reading: Reading) -> Form:
    """A code selector."""
    return literal(_code(node, reading), CODE, reading.at(node))


@builds("Concept")
def concept(node: Node, reading: Reading) -> Form:
    """A concept selector."""
    codes = tuple(_code(item, reading) for item in node.get("code") or ())
    return literal(Concept(codes, node.get("display")), CONCEPT, reading.at(node))


@builds("InValueSet", "AnyInValueSet")
def in_value_set(node: Node, reading: Reading) -> Form:
    """Membership of a code, concept, text or list of these. Operands: tested, value set."""
    at = reading.at(node)
    tested = reading.read(node.get("code") or node["codes"])
    if node.get("valuesetExpression"):
        value_set = value_set_form(node["valuesetExpression"], reading)
    else:
        value_set = value_set_named(node["valueset"], reading)
    return Form("elm.InValueSet", BOOLEAN, (tested, value_set), None, at)


@builds("InCodeSystem", "AnyInCodeSystem")
def in_code_system(node: Node, reading: Reading) -> Form:
    """Whether a code's system is this one. Operands: tested, the system."""
    at = reading.at(node)
    tested = reading.read(node.get("code") or node["codes"])
    if node.get("codesystemExpression"):
        system = reading.read(node["codesystemExpression"])
    else:
        system = code_system_reference(node["codesystem"], reading)
    return Form("elm.InCodeSystem", BOOLEAN, (tested, system), None, at)


@builds("ExpandValueSet")
def expand_value_set(node: Node, reading: Reading) -> Form:
    """The codes of a value set, ordered by system and code."""
    (operand,) = (value_set_form(each, reading) for each in operand_nodes(node))
    return Form("elm.ExpandValueSet", ListOf(CODE), (operand,), None, reading.at(node))


@builds("Subsumes", "SubsumedBy")
def subsumption(node: Node, reading: Reading) -> Form:
    """Refused: whether one code is a kind of another needs a terminology service."""
    raise UnsupportedFeatureError(
        reading.at(node),
        f"{node['type']} needs a terminology service",
        "put the narrower codes in a value set",
    )


@builds("CalculateAge")
def calculate_age(node: Node, reading: Reading) -> Form:
    """Age today (units of days and longer) or now, from a birth date."""
    at = reading.at(node)
    precision = node.get("precision", "Year")
    (birth,) = operands_of(node, reading)
    if birth.type == DATE or precision in ("Year", "Month", "Week", "Day"):
        operands = (_to_date(birth), Form("elm.Today", DATE, (), None, at))
    else:
        operands = (birth, Form("elm.Now", DATE_TIME, (), None, at))
    return Form("elm.DurationBetween", INTEGER, operands, precision, at)


@builds("CalculateAgeAt")
def calculate_age_at(node: Node, reading: Reading) -> Form:
    """Age on a date or at a time, from a birth date."""
    at = reading.at(node)
    birth, moment = operands_of(node, reading)
    if moment.type == DATE:
        birth = _to_date(birth)
    elif birth.type == DATE:
        moment = _to_date(moment)
    return Form("elm.DurationBetween", INTEGER, (birth, moment), node.get("precision", "Year"), at)


def _to_date(form: Form) -> Form:
    return form if form.type == DATE else Form("elm.ToDate", DATE, (form,), None, form.at)

"""FHIRPath 2.0 chapter 5.6 "String manipulation": input, parameters and result of each function."""

from __future__ import annotations

from fhir_gepnet.logic.fhirpath.crossings import expect, many, system
from fhir_gepnet.logic.fhirpath.functions import Call, function, simple
from fhir_gepnet.logic.fhirpath.place import item_type
from fhir_gepnet.logic.form import BOOLEAN, INTEGER, STRING, Form, ListOf

_TEXT = (STRING,)
_WHOLE = (INTEGER,)

simple("indexOf", _TEXT, (_TEXT,), INTEGER)
simple("lastIndexOf", _TEXT, (_TEXT,), INTEGER)
simple("substring", _TEXT, (_WHOLE, _WHOLE), STRING, least=1)
simple("startsWith", _TEXT, (_TEXT,), BOOLEAN)
simple("endsWith", _TEXT, (_TEXT,), BOOLEAN)
simple("contains", _TEXT, (_TEXT,), BOOLEAN)
simple("upper", _TEXT, (), STRING)
simple("lower", _TEXT, (), STRING)
simple("replace", _TEXT, (_TEXT, _TEXT), STRING)
simple("length", _TEXT, (), INTEGER)
simple("trim", _TEXT, (), STRING)
simple("encode", _TEXT, (_TEXT,), STRING)
simple("decode", _TEXT, (_TEXT,), STRING)
simple("escape", _TEXT, (_TEXT,), STRING)
simple("unescape", _TEXT, (_TEXT,), STRING)
simple("toChars", _TEXT, (), ListOf(STRING))
simple("split", _TEXT, (_TEXT,), ListOf(STRING))


def _with_pattern(name: str, parameters: int) -> None:
    """matches(), matchesFull() and replaceMatches(): a literal pattern is compiled and judged at load."""

    def typing(call: Call) -> Form:
        value = expect(call.input, _TEXT, f"the input of {name}()")
        arguments = [call.value(position, _TEXT) for position in range(parameters)]
        kind = STRING if name == "replaceMatches" else BOOLEAN
        return Form(f"fhirpath.{name}", kind, (value, *arguments), None, call.at)

    function(name, parameters)(typing)


_with_pattern("matches", 1)
_with_pattern("matchesFull", 1)
_with_pattern("replaceMatches", 2)


@function("join", 0, 1)
def join(call: Call) -> Form:
    """``join([separator])`` of a collection of strings."""
    source = many(system(call.input))
    if item_type(source) != STRING:
        source = Form(
            "fhirpath.expect_all", ListOf(STRING), (source,), ((STRING,), "the input of join()"), call.at
        )
    arguments = (call.value(0, _TEXT),) if len(call) else ()
    return Form("fhirpath.join", STRING, (source, *arguments), None, call.at)

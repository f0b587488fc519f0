"""FHIRPath 2.0 chapter 5.7 "Math": input, parameters and result of each function."""

from __future__ import annotations

from fhir_gepnet.logic.fhirpath.functions import simple
from fhir_gepnet.logic.form import DECIMAL, INTEGER, QUANTITY

_NUMBER = (INTEGER, DECIMAL)
_WHOLE = (INTEGER,)

simple("abs", (*_NUMBER, QUANTITY), (), None)
simple("ceiling", _NUMBER, (), INTEGER)
simple("floor", _NUMBER, (), INTEGER)
simple("truncate", _NUMBER, (), INTEGER)
simple("round", _NUMBER, (_WHOLE,), DECIMAL, least=0)
simple("sqrt", _NUMBER, (), DECIMAL)
simple("exp", _NUMBER, (), DECIMAL)
simple("ln", _NUMBER, (), DECIMAL)
simple("log", _NUMBER, (_NUMBER,), DECIMAL)
simple("power", _NUMBER, (_NUMBER,), None)

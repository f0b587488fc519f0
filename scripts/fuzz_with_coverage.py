"""One atheris target; started by ``fuzz_expressions --coverage``, which puts atheris on the path.

``fhirpath``: any text through lexer, parser, compiler and a short evaluation. ``elm``: a table's define,
damaged as the bytes say, through the ELM reader. What is no answer and no error of ours stops it with the
input.
"""

from __future__ import annotations

import sys
from random import Random

import atheris  # type: ignore[import-not-found]

with atheris.instrument_imports(include=["fhir_gepnet.logic", "fhir_gepnet.fhir"]):
    import fuzzing
    import generated_elm


def fhirpath(data: bytes) -> None:
    """Bytes as text; what is no UTF-8 becomes some character or other."""
    fuzzing.run_fhirpath(data.decode("utf-8", "replace"), Random(len(data)))


class Bytes(Random):
    """A ``Random`` that draws from bytes, so that what atheris changes moves one decision."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self.left = atheris.FuzzedDataProvider(data)

    def random(self) -> float:
        """From the bytes; 0 when they are used up."""
        return self.left.ConsumeIntInRange(0, 2**32 - 1) / 2**32

    def getrandbits(self, bits: int) -> int:
        """From the bytes; 0 when they are used up."""
        return int(self.left.ConsumeIntInRange(0, 2**bits - 1))


def elm(data: bytes) -> None:
    """Bytes as the decisions of the damage."""
    random = Bytes(data)
    number = random.randrange(len(fuzzing.material()))
    library = generated_elm.damaged(random, fuzzing.material()[number])
    fuzzing.run_elm(library, number, ("closures",))


TARGETS = {"fhirpath": fhirpath, "elm": elm}


def main() -> None:
    """Run one target until its time is over."""
    atheris.Setup(sys.argv, TARGETS[sys.argv.pop(1)])
    atheris.Fuzz()


if __name__ == "__main__":
    main()

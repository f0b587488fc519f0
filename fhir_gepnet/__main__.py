"""``python -m fhir_gepnet`` is ``gepnet``."""

from __future__ import annotations

from fhir_gepnet.cli.main import main

if __name__ == "__main__":
    main()

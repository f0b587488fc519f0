"""``gepnet check``: everything that is wrong with a pathway folder, in one pass.

Loading finds what does not resolve, compile or is not supported. The rest is here and in the
files beside: FHIR R4 validation of each artefact, references between artefacts, the rules of a
card, and the cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fhir_gepnet.authoring.blanks import blank_findings
from fhir_gepnet.authoring.card_rules import card_findings
from fhir_gepnet.authoring.cases import FILES, find_cases, read_expected
from fhir_gepnet.authoring.findings import Finding, finding_of
from fhir_gepnet.authoring.references import reference_findings
from fhir_gepnet.authoring.unused import unused_findings
from fhir_gepnet.authoring.validation import validation_findings
from fhir_gepnet.errors import ArtifactError, GepnetError, PathwayError, Where
from fhir_gepnet.json_io import read_json_file
from fhir_gepnet.pathway.artifacts import read_artifacts
from fhir_gepnet.pathway.folder import load_content
from fhir_gepnet.pathway.model import Content


def check_folder(folder: Path) -> list[Finding]:
    """All findings of a folder, errors first; empty when there is nothing to say."""
    findings: list[Finding] = []
    content: Content | None = None
    try:
        content = load_content(folder)
    except PathwayError as error:
        findings += [finding_of(problem) for problem in error.problems]
    known = {(finding.where.artifact, finding.where.element) for finding in findings}
    # Problems of reading are among those of loading already.
    artifacts = read_artifacts(folder, [])
    for artifact in artifacts.all:
        findings += validation_findings(artifact)
        findings += blank_findings(artifact)
        findings += [
            finding
            for finding in reference_findings(artifact, artifacts)
            if (finding.where.artifact, finding.where.element) not in known
        ]
        if artifact.file.stem != artifact.resource["id"]:
            where = Where(artifact.file.relative_to(folder).as_posix())
            findings.append(
                Finding("warning", where, f"the file is not named after its id {artifact.resource['id']}")
            )
        if artifact.type == "PlanDefinition":
            findings += card_findings(artifact)
    findings += _case_findings(folder)
    if content is not None:
        findings += unused_findings(content, artifacts)
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.severity)


def _case_findings(folder: Path) -> Iterator[Finding]:
    cases = find_cases(folder)
    if not cases:
        yield Finding("error", Where("cases"), "the pathway has no case", "add a folder cases/<name>")
    for case in cases:
        missing = [name for name in FILES if not (case.folder / name).is_file()]
        for name in missing:
            yield Finding(
                "error", Where(f"cases/{case.name}"), f"{name} is missing", "every case has all three files"
            )
        if "expected.json" not in missing:
            try:
                read_expected(case)
            except ArtifactError as error:
                yield finding_of(error)
        if "patient.json" not in missing:
            try:
                read_json_file(case.folder / "patient.json")
            except GepnetError as error:
                yield Finding("error", Where(f"cases/{case.name}/patient.json"), str(error))
        if "why.md" not in missing and not (case.folder / "why.md").read_text(encoding="utf-8").strip():
            yield Finding(
                "error", Where(f"cases/{case.name}/why.md"), "the file is empty", "say in one line why"
            )

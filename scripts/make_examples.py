"""Write the example patients and the hook requests made from them.

    scripts/make_examples.py [--check]

`examples/sources/` holds what was written by hand: `vocabulary.json` (code systems, one skeleton per kind of
result, the prefetch searches) and one short file per patient. This script only spells that out as FHIR R4:
codes, quantities, references, narratives and the bookkeeping that a server adds. It draws nothing at random:
the same sources give the same bytes. `--check` writes nothing and exits 1 when a committed file differs.
"""

from __future__ import annotations

import argparse
import html
import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
SERVER = "https://ehr.example.org/fhir/R4"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, SERVER)

SUBJECTS = {"AllergyIntolerance": "patient", "Medication": None}
"""Where a type names its patient, if not as `subject`; None for types of no patient."""

Json = dict[str, Any]


class Writer:
    """Spells out one patient; keeps the running number that ids come from."""

    def __init__(self, source: Json, vocabulary: Json) -> None:
        self.source = source
        self.systems: Mapping[str, str] = vocabulary["systems"]
        self.results: Mapping[str, Json] = vocabulary["results"]
        self.style: Json = source.get("style", {})
        self.counts: dict[str, int] = {}
        self.patient_id: str = source["patient"]["id"]

    def bundle(self) -> Json:
        """The whole record as a Bundle of type collection."""
        resources = [self.decorated(self.spelled(self.source["patient"]))]
        resources += [self.resource(entry) for entry in self.source["entries"]]
        resources += [self.result(when, name, value) for when, name, value in self.draws()]
        entries = [{"fullUrl": _url(resource), "resource": resource} for resource in resources]
        tag = self.spelled({"coding_of": "act-reason HTEST synthetic, no real person"})
        return {
            "resourceType": "Bundle",
            "id": self.source["id"],
            "meta": {"tag": [tag]},
            "type": "collection",
            "timestamp": self.source["timestamp"],
            "entry": entries,
        }

    def draws(self) -> Iterator[tuple[str, str, Any]]:
        """Date, kind and value of every result in `draws`."""
        for when, values in self.source["draws"].items():
            for name, value in values.items():
                yield when, name, value

    def resource(self, entry: Json) -> Json:
        """One entry; `like` takes a skeleton of the vocabulary first."""
        if "like" in entry:
            rest = {key: value for key, value in entry.items() if key not in ("like", "when", "value")}
            return self.result(entry["when"], entry["like"], {"value": entry["value"], **rest})
        resource = self.spelled(entry)
        subject = SUBJECTS.get(resource["resourceType"], "subject")
        if subject:
            resource.setdefault(subject, self.reference())
        return self.decorated(resource)

    def result(self, when: str, name: str, value: Any) -> Json:
        """An Observation of the kind `name`; a dict overrides members of the skeleton, null removes them."""
        skeleton = dict(self.results[name])
        extra = dict(value) if isinstance(value, dict) else {"value": value}
        measured = extra.pop("value")
        form, unit, limits = (extra.pop(key, skeleton.pop(key, None)) for key in ("form", "unit", "range"))
        resource: Json = {"resourceType": "Observation", "status": "final", **skeleton}
        resource["subject"] = self.reference()
        resource["effectiveDateTime"] = when
        resource |= _measured(form, measured, unit, resource.get("component"))
        if limits and form == "quantity":
            low, high = limits
            text = f"{low}-{high} {unit}"
            resource["referenceRange"] = [
                {"low": _quantity(low, unit), "high": _quantity(high, unit), "text": text}
            ]
        resource |= extra
        kept = {key: member for key, member in resource.items() if member is not None}
        return self.decorated(self.spelled(kept))

    def reference(self) -> Json:
        """To the patient, with the name as most servers send it."""
        return {"reference": f"Patient/{self.patient_id}", "display": self.source["name"]}

    def spelled(self, value: Any) -> Any:
        """The short forms (`codes`, `coding_of`, `quantity`) written out, at any depth."""
        if isinstance(value, list):
            return [self.spelled(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "codes" in value:
            concept: Json = (
                {"coding": [self.coding(text) for text in value["codes"]]} if value["codes"] else {}
            )
            return concept | {key: text for key, text in value.items() if key != "codes"}
        if "coding_of" in value:
            return self.coding(value["coding_of"])
        if set(value) == {"quantity"}:
            number, unit = value["quantity"].split(" ", 1)
            return _quantity(_number(number), unit)
        return {key: self.spelled(member) for key, member in value.items()}

    def coding(self, text: str) -> Json:
        """`system code display` with the short name of the system; the display may be missing."""
        system, code, *display = text.split(" ", 2)
        return {"system": self.systems[system], "code": code, **({"display": display[0]} if display else {})}

    def decorated(self, resource: Json) -> Json:
        """With the id, version, narrative and business identifier that a server adds."""
        kind = resource["resourceType"]
        number = self.counts[kind] = self.counts.get(kind, 0) + 1
        head: Json = {"resourceType": kind, "id": resource.get("id") or self.identifier(kind, number)}
        meta = {"versionId": "1", "lastUpdated": self.source["timestamp"], **resource.get("meta", {})}
        profile = self.style.get("profiles", {}).get(_profiled(resource))
        if profile and number % self.style.get("profile_missing_every", 10**6):
            meta["profile"] = [profile]
        head["meta"] = meta
        if self.style.get("narratives") and kind != "Patient":
            head["text"] = {"status": "generated", "div": _narrative(resource)}
        if self.style.get("identifiers") and kind in ("Observation", "MedicationRequest", "DiagnosticReport"):
            value = f"{self.style['identifiers']}-{kind[:3].upper()}-{100000 + number}"
            head["identifier"] = [{"system": f"{SERVER}/identifier/{kind.lower()}", "value": value}]
        if kind == "Observation" and self.style.get("performer"):
            resource.setdefault("issued", _instant(resource.get("effectiveDateTime")))
            resource.setdefault("performer", [{"display": self.style["performer"]}])
            resource.setdefault("encounter", self.style.get("encounter"))
        rest = {key: value for key, value in resource.items() if key not in ("resourceType", "id", "meta")}
        return head | {key: value for key, value in rest.items() if value is not None}

    def identifier(self, kind: str, number: int) -> str:
        """Opaque as in most systems, yet the same in every run."""
        return "e" + uuid.uuid5(NAMESPACE, f"{self.patient_id}/{kind}/{number}").hex[:22]


def _profiled(resource: Json) -> str:
    """The type, and for Observations the category too, since profiles differ by it."""
    if resource["resourceType"] != "Observation":
        return str(resource["resourceType"])
    return "Observation." + str(resource["category"][0]["coding"][0]["code"])


def _measured(form: str, value: Any, unit: str | None, components: Any) -> Json:
    if form == "quantity":
        return {"valueQuantity": _quantity(value, unit)}
    if form == "concept":
        return {"valueCodeableConcept": value}
    if form == "components":
        values = zip(components, value, strict=True)
        return {"component": [{**part, "valueQuantity": _quantity(number, unit)} for part, number in values]}
    return {form: value}


def _quantity(value: Any, unit: str | None) -> Json:
    if isinstance(value, str):
        value = {"comparator": value[0], "value": _number(value[1:])}
    else:
        value = {"value": value}
    coded = {} if unit is None else {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return {**value, **coded}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _instant(when: str | None) -> str | None:
    """`issued` needs a time and a zone; a bare date has neither."""
    return when if when and "T" in when else None


def _narrative(resource: Json) -> str:
    """One table row per line of text that a reader needs: what, result, when."""
    concept: Any = {}
    for key in ("medicationCodeableConcept", "type", "code"):
        concept = resource.get(key, concept)
    concept = concept[0] if isinstance(concept, list) else concept
    what = concept.get("text") or next(
        (coding.get("display", "") for coding in concept.get("coding", [])), ""
    )
    rows = [("What", what or resource["resourceType"]), ("Status", resource.get("status", ""))]
    rows += [("Result", _shown(value)) for key, value in resource.items() if key.startswith("value")]
    rows += [
        ("Date", value)
        for key, value in resource.items()
        if key in ("effectiveDateTime", "authoredOn", "date")
    ]
    cells = "".join(
        f"<tr><td>{name}</td><td>{html.escape(str(text))}</td></tr>" for name, text in rows if text
    )
    return f'<div xmlns="http://www.w3.org/1999/xhtml"><table><tbody>{cells}</tbody></table></div>'


def _shown(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "coding" in value:
        return str(value.get("text") or value["coding"][0].get("display", ""))
    return f"{value.get('comparator', '')}{value.get('value', '')} {value.get('unit', '')}".strip()


def _url(resource: Json) -> str:
    return f"{SERVER}/{resource['resourceType']}/{resource['id']}"


def request_from(bundle: Json, prefetch: Json, *, without: str | None = None) -> Json:
    """A patient-view request as a client sends it after carrying out the published searches.

    Args:
        bundle: the patient's record.
        prefetch: `searches` (types), `categories` (of observations), `included` (type -> types sent along).
        without: `system|code`; Observations with this code are left out, as if they had never been sent.
    """
    resources = [entry["resource"] for entry in bundle["entry"]]
    patient = resources[0]
    values: Json = {"patient": patient}
    for kind in prefetch["searches"]:
        found = [
            r
            for r in resources
            if r["resourceType"] == kind and _searched(r, prefetch) and not _has(r, without)
        ]
        along = [
            r
            for r in resources
            if r["resourceType"] in prefetch["included"].get(kind, ()) and _named(r, found)
        ]
        values[kind[0].lower() + kind[1:]] = _searchset(kind, patient["id"], found, along) if found else None
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid5(NAMESPACE, f"{bundle['id']}/{without or ''}")),
        "fhirServer": SERVER,
        "context": {"userId": "Practitioner/e3Kd8QJ2", "patientId": patient["id"]},
        "prefetch": values,
    }


def _searched(resource: Json, prefetch: Json) -> bool:
    if resource["resourceType"] != "Observation":
        return True
    codings = [coding for category in resource.get("category", ()) for coding in category.get("coding", ())]
    return any(coding["code"] in prefetch["categories"] for coding in codings)


def _has(resource: Json, token: str | None) -> bool:
    codings = resource.get("code", {}).get("coding", ()) if token else ()
    return any(f"{coding.get('system')}|{coding.get('code')}" == token for coding in codings)


def _named(resource: Json, by: list[Json]) -> bool:
    reference = f"{resource['resourceType']}/{resource['id']}"
    return any(found.get("medicationReference", {}).get("reference") == reference for found in by)


def _searchset(kind: str, patient_id: str, found: list[Json], along: list[Json]) -> Json:
    url = f"{SERVER}/{kind}?patient={patient_id}"
    entries = [{"fullUrl": _url(r), "resource": r, "search": {"mode": "match"}} for r in found]
    entries += [{"fullUrl": _url(r), "resource": r, "search": {"mode": "include"}} for r in along]
    links = [{"relation": "self", "url": url}]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": links,
        "entry": entries,
    }


def by_the_line(request: Json) -> str:
    """JSON with one resource per line: small, and a difference shows which resource it is."""
    text = json.dumps({**request, "prefetch": None}, indent=2, ensure_ascii=False).removesuffix("null\n}")
    members = []
    for key, value in request["prefetch"].items():
        if value is None or "entry" not in value:
            members.append(f"    {json.dumps(key)}: {_line(value)}")
            continue
        head = _line({name: member for name, member in value.items() if name != "entry"}).removesuffix("}")
        lines = ",\n".join(f"      {_line(entry)}" for entry in value["entry"])
        members.append(f'    {json.dumps(key)}: {head}, "entry": [\n{lines}\n    ]}}')
    return text + "{\n" + ",\n".join(members) + "\n  }\n}\n"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def example_files() -> dict[Path, str]:
    """Path below `examples/` -> text, for every file that this script owns."""
    sources = EXAMPLES / "sources"
    vocabulary = json.loads((sources / "vocabulary.json").read_text(encoding="utf-8"))
    files: dict[Path, str] = {}
    for path in sorted(sources.glob("*.json")):
        if path.name == "vocabulary.json":
            continue
        source = json.loads(path.read_text(encoding="utf-8"))
        bundle = Writer(source, vocabulary).bundle()
        files[Path("patients") / path.name] = json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"
        files[Path("requests") / path.name] = by_the_line(request_from(bundle, vocabulary["prefetch"]))
        for name, token in source.get("also_without", {}).items():
            request = request_from(bundle, vocabulary["prefetch"], without=token)
            files[Path("requests") / f"{path.stem}-without-{name}.json"] = by_the_line(request)
    return files


def main() -> None:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    differing = []
    for name, text in example_files().items():
        path = EXAMPLES / name
        if arguments.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                differing.append(str(name))
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if differing:
        sys.exit("differ from their sources: " + ", ".join(differing))


if __name__ == "__main__":
    main()

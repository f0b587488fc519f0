// npm cql-execution with cql-exec-fhir, asked for every define of one library. For tests and benchmarks.
//   stdin:  {"libraries": [ELM], "main": "Id", "bundles": [Bundle], "valueSets": {url: {version: [code]}},
//            "now": "2026-11-23T12:00:00.000+00:00", "parameters": {}, "repeat": 0}
//           or a list of such requests
//   stdout: [{"answers": [{define: value or {"error": text}}], "milliseconds": [CPU per pass over the bundles]}]
// Runs in the folder that scripts/install_peers prints. Values are written as fhir_gepnet writes its own.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
const require = createRequire(path.join(process.cwd(), 'resolve.js'));
const cql = require('cql-execution'), fhir = require('cql-exec-fhir');

const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = (...written) => process.stderr.write(...written);

const source = fhir.PatientSource.FHIRv401(); // reads the model info: once
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1000; };

function plain(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  if (value._typeInfo) return ofFhir(value);
  if (value.isDateTime || value.isDate || value.isTime?.()) return value.isTime?.() ? value.toString().replace(/^T?/, 'T').replace(/^.*T/, '') : value.toString();
  if (value.isQuantity) return { value: value.value, unit: value.unit ?? '1' };
  if (value.isCode) return kept({ code: value.code, system: value.system, version: value.version, display: value.display });
  if (value.isConcept) return kept({ codes: plain(value.codes), display: value.display });
  if (value.isRatio) return { numerator: plain(value.numerator), denominator: plain(value.denominator) };
  if (value.isInterval) return { low: plain(value.low), high: plain(value.high), lowClosed: value.lowClosed, highClosed: value.highClosed };
  if (value.isUncertainty) return { low: plain(value.low), high: plain(value.high), lowClosed: true, highClosed: true };
  if (value.isValueSet) return value.version ? `${value.oid}|${value.version}` : value.oid;
  if (value.id !== undefined && value.constructor?.name !== 'Object') return value.version ? `${value.id}|${value.version}` : value.id;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
// A FHIR primitive is held as {"value": scalar}; in JSON, and in our values, it is the scalar.
function ofFhir(value) {
  const inner = value._typeInfo.findElement('value')?.typeSpecifier;
  return inner?.namespace === 'System' ? value._json?.value ?? null : value._json;
}
const kept = value => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && item !== undefined));

async function asked({ libraries, main, bundles, valueSets, now, parameters, repeat }) {
  const held = Object.fromEntries(libraries.map((elm, number) => [number, elm]));
  const library = new cql.Library(libraries.find(elm => elm.library.identifier.id === main), new cql.Repository(held));
  const at = cql.DateTime.parse(now);
  const executor = new cql.Executor(library, new cql.CodeService(valueSets ?? {}), parameters ?? {});
  const whole = async bundle => { source.reset(); source.loadBundles([bundle]); return executor.exec(source, at); };
  const single = async (bundle, name) => {
    try {
      source.reset(); source.loadBundles([bundle]);
      const found = await executor.exec_expression(name, source, at);
      return plain(Object.values(found.patientResults)[0][name]);
    } catch (error) { return { error: String(error?.cause?.message ?? error?.message ?? error).slice(0, 300) }; }
  };
  const answers = [];
  for (const bundle of bundles) {
    try {
      const found = await whole(bundle);
      answers.push(plain({ ...Object.values(found.patientResults)[0], ...found.unfilteredResults }));
    } catch {
      const names = Object.keys(library.expressions);
      const found = {};
      for (const name of names) found[name] = await single(bundle, name);
      answers.push(found);
    }
  }
  const milliseconds = [];
  for (let pass = 0; pass < (repeat ?? 0); pass++) {
    const start = cpu();
    for (const bundle of bundles) await whole(bundle);
    milliseconds.push(cpu() - start);
  }
  return { answers, milliseconds };
}

const request = JSON.parse(fs.readFileSync(0, 'utf8'));
const found = [];
for (const one of Array.isArray(request) ? request : [request]) {
  try { found.push(await asked(one)); } catch (error) { found.push({ error: String(error?.message ?? error), answers: [], milliseconds: [] }); }
}
answer(JSON.stringify(found, (_, value) => typeof value === 'bigint' ? Number(value) : value));

// npm fhirpath with its R4 model, asked many expressions. For the differential test.
//   stdin:  [{"expression": text, "resource": JSON}]
//   stdout: [{"ok": [value]} or {"error": text}], in the same order
// Runs in the folder that scripts/install_peers prints. Dates, times and quantities are written as text.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
const require = createRequire(path.join(process.cwd(), 'resolve.js'));
const fhirpath = require('fhirpath');
const model = require('fhirpath/fhir-context/r4');

function plain(value) {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? Number(value) : value;
  const written = value.toString;
  return written !== Object.prototype.toString && !Array.isArray(value) ? value.toString() : value;
}

function answer({ expression, resource }) {
  try {
    const evaluate = fhirpath.compile(expression, model, { async: false });
    const copy = structuredClone(resource);
    const found = evaluate(copy ?? {}, { resource: copy, rootResource: copy });
    return { ok: JSON.parse(JSON.stringify(found.map(plain))) };
  } catch (error) {
    return { error: String(error?.message ?? error).slice(0, 200) };
  }
}

const out = process.stdout.write.bind(process.stdout);
process.stdout.write = (...written) => process.stderr.write(...written); // trace() writes there
out(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(answer)));

// CQL to ELM for every library of one folder, offline, with npm @cqframework/cql.
//   stdin:  {"libraries": [{"file": "Name.cql", "text": "library Name ..."}]}
//   stdout: {"libraries": [{"file", "name", "elm": "<JSON text>", "problems": [{"line", "column", "message"}]}]}
// Runs with the cache directory that holds node_modules as its working directory; reads and writes no file.
// Any problem of severity error is reported; deciding what to do about it is the caller's business.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The translator prints warnings to standard output, where only the answer may stand.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = (...written) => process.stderr.write(...written);

const packages = path.join(process.cwd(), 'node_modules');
const require = createRequire(path.join(process.cwd(), 'resolve.js'));
const {
  ModelManager, LibraryManager, CqlTranslator, CqlCompilerOptions, LibraryBuilder,
  createModelInfoProvider, createLibrarySourceProvider, createUcumService, stringAsSource,
} = await import(pathToFileURL(path.join(packages, '@cqframework/cql/cql-to-elm.mjs')).href);
const ucum = require('@lhncbc/ucum-lhc').UcumLhcUtils.getInstance();

// The System model: name -> base type and elements. The translator ships none.
const simple = ['Boolean', 'Integer', 'Long', 'Decimal', 'String', 'DateTime', 'Date', 'Time'];
const classes = {
  Quantity: ['Any', { value: 'Decimal', unit: 'String' }],
  Ratio: ['Any', { numerator: 'Quantity', denominator: 'Quantity' }],
  Code: ['Any', { code: 'String', system: 'String', version: 'String', display: 'String' }],
  Concept: ['Any', { codes: ['Code'], display: 'String' }],
  Vocabulary: ['Any', { id: 'String', version: 'String' }],
  ValueSet: ['Vocabulary', {}],
  CodeSystem: ['Vocabulary', {}],
};

function systemModelInfo() {
  const element = ([name, type]) => Array.isArray(type)
    ? `<m:element name="${name}"><m:typeSpecifier xsi:type="m:ListTypeSpecifier" elementType="System.${type[0]}"/></m:element>`
    : `<m:element name="${name}" type="System.${type}"/>`;
  return ['<m:modelInfo name="System" version="1.0.0" url="urn:hl7-org:elm-types:r1" targetQualifier="system"'
    + ' xmlns:m="urn:hl7-org:elm-modelinfo:r1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
  '<m:typeInfo xsi:type="m:SimpleTypeInfo" name="System.Any"/>',
  ...simple.map(name => `<m:typeInfo xsi:type="m:SimpleTypeInfo" name="System.${name}" baseType="System.Any"/>`),
  ...Object.entries(classes).map(([name, [base, elements]]) =>
    `<m:typeInfo xsi:type="m:ClassInfo" name="System.${name}" baseType="System.${base}">`
    + Object.entries(elements).map(element).join('') + '</m:typeInfo>'),
  '</m:modelInfo>'].join('\n');
}

const models = {
  System: systemModelInfo(),
  FHIR: fs.readFileSync(path.join(packages, 'cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml'), 'utf8'),
};

const unused = () => { throw new Error('not needed while translating'); };
const ucumService = createUcumService(
  (value, from, to) => String(ucum.convertUnitTo(from, Number(value), to).toVal),
  unit => ucum.validateUnitString(unit).status === 'valid' ? null : `${unit} is not a UCUM unit`,
  unused, unused);

function identity(text) {
  const match = /^\s*library\s+"?([\w.]+)"?(?:\s+version\s+'([^']*)')?/m.exec(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''));
  return match && { name: match[1], version: match[2] ?? null };
}

function options() {
  const { Options } = CqlCompilerOptions;
  const chosen = CqlCompilerOptions.defaultOptions();
  chosen.setOptions([Options.EnableLocators, Options.EnableResultTypes,
    Options.DisableListDemotion, Options.DisableListPromotion]);
  chosen.signatureLevel = LibraryBuilder.SignatureLevel.Overloads;
  return chosen;
}

const modelManager = new ModelManager();
modelManager.modelInfoLoader.registerModelInfoProvider(
  createModelInfoProvider(id => models[id] ? stringAsSource(models[id]) : null));

const asked = JSON.parse(fs.readFileSync(0, 'utf8')).libraries.map(one => ({ ...one, identity: identity(one.text) }));

// One manager for the whole folder: a library is compiled once, also when others include it.
const libraryManager = new LibraryManager(modelManager, options(), undefined, ucumService);
libraryManager.librarySourceLoader.registerProvider(createLibrarySourceProvider((id, _system, version) => {
  const found = asked.find(one => one.identity?.name === id && (!version || one.identity.version === version));
  return found ? stringAsSource(found.text) : null;
}));

// The position is not exported as such; it stands in the text of the locator.
function place(locator) {
  const found = /startLine=(\d+), startChar=(\d+)/.exec(String(locator));
  return { line: Number(found?.[1] ?? 0), column: Number(found?.[2] ?? 0) };
}

function translate({ file, text, identity: known }) {
  if (!known) return { file, name: file, elm: null, problems: [{ line: 1, column: 1, message: 'no library declaration' }] };
  try {
    const translator = CqlTranslator.fromText(text, libraryManager);
    const problems = translator.errors.asJsReadonlyArrayView().map(error => ({
      ...place(error.locator), message: String(error.message),
    }));
    return { file, name: known.name, elm: translator.toJson(), problems };
  } catch (error) {
    return { file, name: known.name, elm: null, problems: [{ line: 0, column: 0, message: String(error?.message ?? error) }] };
  }
}

// Included libraries first. One that includes a broken library is not tried: its errors would only be repeated,
// and the translator compiles a broken library again for each that includes it.
const outcomes = new Map();
function outcome(one) {
  const name = one.identity?.name ?? one.file;
  if (outcomes.has(name)) return outcomes.get(name);
  outcomes.set(name, { file: one.file, name, elm: null, problems: [] }); // a circle of includes ends here
  const included = [...one.text.matchAll(/^\s*include\s+"?([\w.]+)"?/gm)].map(match => match[1]);
  const broken = asked.filter(other => included.includes(other.identity?.name)).map(outcome)
    .some(other => other.elm === null || other.problems.length);
  if (!broken) outcomes.set(name, translate(one));
  return outcomes.get(name);
}

answer(JSON.stringify({ libraries: asked.map(outcome) }));

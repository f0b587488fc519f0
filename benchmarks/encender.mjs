// One plan through npm encender, again and again in one process: what is timed is its applyPlan with a patient
// whose resources it has in memory. Input and answer are JSON on stdin and stdout.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(process.argv[2] + '/package.json');
const { applyPlan, simpleResolver } = await import(pathToFileURL(require.resolve('encender')));
const { plan, resources, elm, subject, warmUp, runs } = JSON.parse(readFileSync(0, 'utf8'));

const aux = { elmJsonDependencies: elm, valueSetJson: {} };
const once = () => applyPlan(plan, subject, simpleResolver(resources), aux);

let answer;
for (let run = 0; run < warmUp; run++) answer = await once();
const wall = [];
const before = process.cpuUsage();
for (let run = 0; run < runs; run++) {
  const start = performance.now();
  await once();
  wall.push(performance.now() - start);
}
const spent = process.cpuUsage(before);
const ids = (actions) => (actions ?? []).flatMap((action) => [action.id, ...ids(action.action)]);
process.stdout.write(JSON.stringify({
  ids: ids(answer.find((each) => each.resourceType === 'RequestGroup').action).sort(),
  wall,
  cpu: (spent.user + spent.system) / 1000 / runs,
}));

// What the project is made of, checked against package-lock.json and what esbuild put into dist/ (dist/packages.json):
// node .ci/dependencies.mjs          the lock is sound, licences are known, docs/licences.md is up to date
// node .ci/dependencies.mjs --write  writes docs/licences.md
// node .ci/dependencies.mjs --audit  asks the registry for known holes in what is shipped
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const read = name => readFileSync(path.join(root, name), 'utf8');
const list = 'docs/licences.md';

/** May run a script when they are installed; all are tools, nothing of them is shipped. */
const mayRunScripts = new Set([
  'esbuild', // fetches its binary where the optional package is missing
  'webgpu', // fetches Dawn's binary; for tests and benches on a GPU
  'keytar', // of vsce: keeps the publisher's token
  '@vscode/vsce-sign', // of vsce: signs the package
]);

/** Free to be used and passed on with a notice. */
const known = new Set(
  'MIT ISC Apache-2.0 BSD-2-Clause BSD-3-Clause 0BSD BlueOak-1.0.0 Python-2.0 CC0-1.0 Unlicense Zlib'.split(' '),
);
/** Only for tools: nothing of them is shipped. */
const knownOfTools = new Set('Artistic-2.0 CC-BY-3.0 MPL-2.0 WTFPL'.split(' '));
/** Read by a person: their own words, in a file. */
const readByHand = {
  h5wasm: 'NIST’s own: public domain in the US, notice kept (dist/hdf5-worker.js.LEGAL.txt)',
};
const readOfTools = /^(@vscode\/vsce-sign(-.*)?)$/;

const problems = [];
const lock = JSON.parse(read('package-lock.json')).packages;
const nameOf = place => place.replace(/^.*node_modules\//, '');

const holds = (expression, set) =>
  expression
    .replace(/[()]/g, '')
    .split(/ OR /)
    .some(choice => choice.split(/ AND /).every(one => set.has(one.trim())));

function checkLock() {
  const tools = new Set([...known, ...knownOfTools]);
  for (const [place, { integrity, resolved, link, license, hasInstallScript }] of Object.entries(lock)) {
    if (place === '') continue;
    const name = nameOf(place);
    if (link || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
      problems.push(`${place}: no SHA-512 in the lock`);
    if (
      resolved !== undefined &&
      !/^https:\/\/registry\.npmjs\.org\/(@[\w.-]+\/)?[\w.-]+\/-\/[\w.-]+\.tgz$/.test(resolved)
    ) {
      problems.push(`${place}: comes from ${resolved}, not from npm's registry`);
    }
    if (hasInstallScript && !mayRunScripts.has(name)) problems.push(`${place}: runs a script when it is installed`);
    if (!holds(license ?? '', tools) && !(name in readByHand) && !readOfTools.test(name)) {
      problems.push(`${place}: the licence ${license ?? '(none)'} is not among those that are known`);
    }
  }
  const { dependencies = {} } = JSON.parse(read('package.json'));
  if (Object.keys(dependencies).length > 0) problems.push('package.json: what is shipped is bundled, not installed');
}

/** Packages with their version, of which code is in dist/: `node_modules/…` of each module that esbuild took. */
function shipped() {
  const found = new Map();
  for (const place of JSON.parse(read('dist/packages.json'))) {
    const { version, license } = lock[place] ?? {};
    if (version === undefined) problems.push(`${place} is in dist/, but not in package-lock.json`);
    else found.set(`${nameOf(place)} ${version}`, { name: nameOf(place), version, license, place });
  }
  return [...found.values()].sort((a, b) => (`${a.name} ${a.version}` < `${b.name} ${b.version}` ? -1 : 1));
}

function licenceFile(place) {
  const folder = path.join(root, place);
  return existsSync(folder) ? (readdirSync(folder).find(name => /^(licen[cs]e|copying)/i.test(name)) ?? '') : '';
}

function licences() {
  const rows = shipped().map(({ name, version, license, place }) => {
    const words = readByHand[name] ?? license;
    if (!holds(license ?? '', known) && !(name in readByHand)) problems.push(`${place}: ${license} may not be shipped`);
    return `| \`${name}\` | ${version} | ${words} | ${licenceFile(place) || 'in its package.json'} |`;
  });
  return `# Licences of what is shipped

Written by \`node .ci/dependencies.mjs --write\` from what esbuild put into \`dist/\`; a test fails when it is out of date. What a
person installs to train on a GPU (\`webgpu\`, \`@tensorflow/tfjs-node\`) is not shipped. Their notices stand in
\`dist/packages.LEGAL.txt\` and beside the bundles.

| package | version | licence | its text |
| ------- | ------- | ------- | -------- |
${rows.join('\n')}
`;
}

/** Prettier lays out tables; their cells are what counts. */
const cells = text => text.replace(/-+/g, '-').replace(/ +/g, ' ').trim();

/** No answer is said, and is no failure: not every registry answers audits. */
function audit() {
  const names = new Set(shipped().map(({ name }) => name));
  // everything is a dev dependency, since it is bundled: --omit=dev would ask for nothing
  execFile('npm', ['audit', '--json'], { cwd: root, maxBuffer: 2 ** 26 }, (_, output) => {
    let found;
    try {
      found = JSON.parse(output).vulnerabilities;
    } catch {
      // said below
    }
    if (found === undefined) {
      console.log('audit: NOT DONE: the registry does not answer audits');
      return;
    }
    const own = Object.values(found).filter(({ name }) => names.has(name));
    for (const { name, severity } of own) console.log(`audit: ${name}, which is shipped: ${severity}`);
    console.log(
      `audit: ${own.length} of ${names.size} shipped packages, ${Object.keys(found).length} of all have known holes`,
    );
    process.exitCode = own.length > 0 ? 1 : 0;
  });
}

checkLock();
const text = licences();
if (process.argv.includes('--write')) writeFileSync(path.join(root, list), text);
else if (!existsSync(path.join(root, list)) || cells(read(list)) !== cells(text)) {
  problems.push(`${list} is out of date: node .ci/dependencies.mjs --write && npx prettier --write ${list}`);
}
for (const problem of problems) console.log(problem);
console.log(
  `dependencies: ${Object.keys(lock).length - 1} in the lock, ${shipped().length} shipped, ${problems.length} problems`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
if (process.argv.includes('--audit')) audit();

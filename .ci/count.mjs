// Prints `N passed, N failed` over vitest's JSON report and the golden cases, and fails where anything did: a test, a
// file that could not be loaded, or a step before the tests (build, types, lint, format).
// node .ci/count.mjs RESULTS EXIT_STATUS_OF_THE_TESTS
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const [results, status] = process.argv.slice(2);
const read = name => {
  const file = path.join(results, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
};
let passed = 0;
let failed = 0;

const report = JSON.parse(read('vitest.json') ?? '{"testResults":[]}');
for (const { status, assertionResults } of report.testResults) {
  const failures = assertionResults.filter(test => test.status === 'failed').length;
  passed += assertionResults.filter(test => test.status === 'passed').length;
  failed += status === 'failed' ? Math.max(1, failures) : failures;
}

const golden = read('golden.txt')?.match(/golden: (\d+) cases, (\d+) passed, (\d+) pending/);
if (golden) {
  const [cases, good, pending] = golden.slice(1).map(Number);
  passed += good;
  failed += cases - good - pending;
}

if (status !== '0' || passed === 0) failed = Math.max(1, failed);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

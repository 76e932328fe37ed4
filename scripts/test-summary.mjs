/** One plain line from vitest's JSON report: `N passed, N failed`. Exit code 1 unless something passed and nothing failed. */
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// A test file that cannot be loaded has no tests: it counts as one failure.
const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const failed = report.numFailedTests + unloaded.length;
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && report.numPassedTests > 0 ? 0 : 1;

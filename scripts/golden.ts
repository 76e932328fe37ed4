/** Writes the golden files of event types that have none yet: `node scripts/golden.ts`, before a new type is released. */
import { writeMissingGoldenFiles } from '../test/infra/event-codec/golden-files.ts';

for (const type of await writeMissingGoldenFiles()) process.stdout.write(`${type}\n`);

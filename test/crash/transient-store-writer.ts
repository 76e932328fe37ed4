/** A process to be killed: commits without end and names on stdout each entry that was acknowledged. */
import { writeSync } from 'node:fs';
import { openEmbeddedTransientStore } from '../../infra/transient-store/embedded/embedded-transient-store.ts';

const IN_FLIGHT = 16;
const STDOUT = 1;

const [directory = '', run = ''] = process.argv.slice(2);
const store = await openEmbeddedTransientStore({ directory, clock: Date.now });

async function writeForEver(lane: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    const id = `${run}-${lane}-${index}`;
    const key = (part: string) => ({ type: 'session', tenant: 't', id: `${id}-${part}` }) as const;
    const expiresAtMs = Date.now() + 3_600_000;
    const value = { id };
    const both = [
      { op: 'put', key: key('a'), value, expiresAtMs, expect: 'absent', tags: ['user:1'] },
      { op: 'put', key: key('b'), value, expiresAtMs, expect: 'absent' },
    ] as const;
    const done = await store.commit(both, { survives: index % 2 === 0 ? 'crash' : 'power-loss' });
    if (!done) throw new Error(`the entries of ${id} were there already`);
    writeSync(STDOUT, `${id}\n`);
  }
}

await Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => writeForEver(lane)));

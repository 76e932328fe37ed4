/**
 * A process that owns a log until it is killed. `hold`: opens it and waits. `write`: eight writers append groups of five
 * events, each beginning with a repeat of the last group the log has, and print what is acknowledged.
 */
import { createHash } from 'node:crypto';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import type { EventStore, NewEvent } from '../../infra/event-store/event-store.ts';
import { newEvent } from '../support/event-store.ts';

export const WRITERS = 8;
export const GROUP = 5;

export const streamOf = (writer: number): string => `user-writer${writer}`;

/** The same every time, so that a process that comes after repeats what this one did. */
export function groupOf(writer: number, group: number): NewEvent[] {
  return Array.from({ length: GROUP }, (_, index) => {
    const hex = createHash('sha256').update(`${writer}/${group}/${index}`).digest('hex');
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    return newEvent({ id, data: { writer, group, index, text: 'x'.repeat(100) } });
  });
}

async function write(store: EventStore, writer: number): Promise<never> {
  const { revision } = await store.streamInfo(streamOf(writer));
  const written = revision === undefined ? 0 : (Number(revision) + 1) / GROUP;
  for (let group = Math.max(0, written - 1); ; group += 1) {
    const expected = group === 0 ? ('no-stream' as const) : BigInt(group * GROUP - 1);
    const result = await store.append(streamOf(writer), expected, groupOf(writer, group));
    process.stdout.write(`${writer} ${group} ${result.revision} ${result.position.commit}\n`);
  }
}

const [, script, directory, task] = process.argv;
if (script === import.meta.filename && directory !== undefined) {
  const store = await openEmbeddedEventStore({ directory, mode: 'writer', freeBytesMin: 0, heartbeatMs: 200 });
  process.stdout.write('ready\n');
  if (task === 'write') await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(store, writer)));
}

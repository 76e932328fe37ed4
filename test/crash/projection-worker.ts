/** The process that is killed: appends notes and projects them, until it dies. */
import type { EventCodec } from '../../infra/event-codec/event-codec.ts';
import { openEmbeddedEventStore } from '../../infra/event-store/embedded/embedded-event-store.ts';
import { openEmbeddedReadStoreWriter } from '../../infra/read-store/embedded/writer.ts';
import type { ProjectionTables } from '../../infra/read-store/read-store.ts';
import { runProjections } from '../../projections/engine.ts';
import { changed, notesProjection, plainCodec, removed, written } from '../support/note-projection.ts';

const [directory = '', round = '0', killAfter = '0'] = process.argv.slice(2);
const log = { mode: 'writer', durability: 'normal', freeBytesMin: 0, heartbeatMs: 50 } as const;
const store = await openEmbeddedEventStore({ directory, ...log });
const writer = openEmbeddedReadStoreWriter({ directory: `${directory}/read` });

let left = Number(killAfter);

/** Dies with appended events whose writes and checkpoint are not in the tables yet. */
const deadly = (tables: ProjectionTables): ProjectionTables => {
  const apply = tables.apply.bind(tables);
  const beside = tables.beside.bind(tables);
  tables.apply = async (writes, checkpoint) => {
    if (left === 0) process.kill(process.pid, 'SIGKILL');
    left -= 1;
    await apply(writes, checkpoint);
  };
  tables.beside = async () => deadly(await beside());
  return tables;
};

const engine = await runProjections({
  store,
  codec: plainCodec as EventCodec,
  writer: { open: async (projection) => deadly(await writer.open(projection)) },
  projections: [notesProjection()],
  onError(error) {
    console.error(error);
    process.exitCode = 1;
  },
});

for (let number = 0; number < 10_000; number += 1) {
  const note = `note-${(Number(round) * 31 + number) % 23}`;
  const events = number % 5 === 4 ? [removed()] : [written(`${round} ${number}`), changed(`${number} of ${round}`)];
  await store.append(note, 'any', events);
}
await engine.stop();

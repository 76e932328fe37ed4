/** What the client library keeps open must end, or it never closes. */
import { Readable, Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import { expect, it } from 'vitest';
import { createCallGate } from '../../infra/event-store/esdb/call-gate.ts';
import { driverRead } from '../../infra/event-store/esdb/db-client-read.ts';

/** More than the library holds ready. */
const EVENTS = 100;

/** As the library has it: a call, piped into what is read. Its server has said everything, so it cannot be cancelled. */
function endedCall(): { call: Readable; read: StreamingRead<ResolvedEvent> } {
  const event = { id: 'an id', type: 'test.thing.happened.v1', streamId: 'user-1', revision: 0n, isJson: true };
  const call = Readable.from(Array.from({ length: EVENTS }, () => ({ event, commitPosition: 1n })));
  const passing = new Transform({ objectMode: true, transform: (value, _, done) => done(null, value) });
  const read = Object.assign(call.pipe(passing), { cancel: () => Promise.resolve() });
  return { call, read: read as unknown as StreamingRead<ResolvedEvent> };
}

it('[E24] a call that the server has ended is over once its read is left, wherever that is', async () => {
  for (const taken of [0, 1, EVENTS - 1, EVENTS]) {
    const { call, read } = endedCall();
    let seen = 0;
    for await (const _ of driverRead(createCallGate(), { open: () => read })) {
      seen += 1;
      if (seen >= taken) break;
    }
    await finished(call, { cleanup: true });
    expect(call.readableEnded).toBe(true);
  }
});

it('[E24] a call for a stream that is not there is cancelled behind its end, and keeps its place until then', async () => {
  const said: string[] = [];
  const over = Promise.withResolvers<void>();
  const read = new Readable({ objectMode: true, read: () => undefined });
  const call = Object.assign(read, {
    async cancel() {
      said.push('cancelled');
      over.resolve();
    },
  });
  const open = () => {
    setImmediate(() => {
      read.emit('error', Object.assign(new Error('not there'), { type: 'stream-not-found' }));
      // The server's end comes in a packet of its own.
      setTimeout(() => said.push('ended'), 1);
    });
    return call as unknown as StreamingRead<ResolvedEvent>;
  };
  const gate = createCallGate(1);
  const iterate = async () => {
    for await (const _ of driverRead(gate, { open, max: 1 }));
  };
  await expect(iterate()).rejects.toMatchObject({ kind: 'stream-not-found' });
  const next = gate.enter().then(() => said.push('next'));
  await Promise.all([over.promise, next]);
  expect(said).toEqual(['ended', 'cancelled', 'next']);
});

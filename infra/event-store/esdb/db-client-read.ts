/** Reads of the client library as the driver gives them. */
import { finished, type Readable } from 'node:stream';
import type { ResolvedEvent, StreamingRead } from '@eventstore/db-client';
import type { CallGate } from './call-gate.ts';
import { driverFailure } from './client-failure.ts';
import { DriverFailure, type DriverRead } from './driver.ts';
import { driverEvent } from './driver-event.ts';

export interface ReadCall {
  readonly open: () => StreamingRead<ResolvedEvent>;
  /** What the server was told to send at most. */
  readonly max?: number | undefined;
}

export function driverRead(gate: CallGate, { open, max }: ReadCall): DriverRead {
  let stream: StreamingRead<ResolvedEvent> | null = null;
  let cancelled = false;
  const cancel = (): void => {
    cancelled = true;
    // Fails where the call could not be begun, which the reader has heard by the stream itself.
    stream?.cancel().catch((error: unknown) => stream?.destroy(error as Error));
  };
  return {
    cancel,
    async *[Symbol.asyncIterator]() {
      const leave = await gate.enter();
      let seen = 0;
      let absent = false;
      try {
        if (cancelled) return;
        stream = open();
        // Who reads hears of it by the iteration; who has left does not ask.
        stream.on('error', () => undefined);
        const events = (stream as unknown as Readable).iterator({ destroyOnReturn: false });
        for await (const resolved of events) {
          seen += 1;
          const event = driverEvent(resolved as ResolvedEvent);
          if (event !== null) yield event;
        }
      } catch (error) {
        const failure = driverFailure(error);
        absent = failure instanceof DriverFailure && failure.kind === 'stream-not-found';
        throw failure;
      } finally {
        if (stream !== null && seen === max) letEnd(stream as unknown as Readable, leave);
        else if (absent) letEndUnread(cancel, leave);
        else {
          cancel();
          // A call that the server ended while its last event was read counts as open until its end is read, too.
          (stream as Readable | null)?.resume();
          leave();
        }
      }
    },
  };
}

/** For the server to end a call in which it has told all. */
const END_MS = 25;

/** The client reads no further, so that the call must be cancelled; behind its end that resets nothing. */
function letEndUnread(cancel: () => void, ended: () => void): void {
  setTimeout(() => {
    cancel();
    ended();
  }, END_MS).unref();
}

/** All has come, and the server ends the call by itself: servers take many resets of calls for an attack. */
function letEnd(stream: Readable, ended: () => void): void {
  finished(stream, () => ended());
  stream.resume();
}

/** Sends messages as fast as the other side takes them. */
import { once } from 'node:events';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { WireError, wireErrorOf } from './wire-error.ts';

/** Hears of faults; their text does not go to the client. */
export type OnFault = (error: unknown) => void;

export type CallOutcome = 'done' | 'refused' | 'failed';

export interface CallEnd {
  /** See {@link endOfCall}. */
  readonly signal: AbortSignal;
  /** With what the server ends the call by itself; null where it does not. */
  readonly ended: () => WireError | null;
  readonly onFault: OnFault;
}

/** `messages` is left when the client goes; what it throws ends the call. */
export async function sendMessages<Message>(
  call: ServerWritableStream<unknown, Message>,
  messages: AsyncIterable<Message>,
  { signal, ended, onFault }: CallEnd,
): Promise<CallOutcome> {
  try {
    for await (const message of messages) {
      if (signal.aborted) break;
      if (!call.write(message)) await drained(call, signal);
    }
    const error = ended();
    if (error !== null && !call.cancelled) call.emit('error', error);
    else if (!signal.aborted) call.end();
    return 'done';
  } catch (error) {
    if (signal.aborted) return 'done';
    const wire = callError(error, onFault);
    call.emit('error', wire);
    return wire.code === status.UNKNOWN ? 'failed' : 'refused';
  }
}

export const notReady = (): WireError => new WireError({ code: status.UNAVAILABLE, details: 'Server Is Not Ready' });

async function drained(call: ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> {
  try {
    await once(call, 'drain', { signal });
  } catch (error) {
    // The client has gone; the caller looks at the signal.
    if (!signal.aborted) throw error;
  }
}

export function callError(error: unknown, onFault: OnFault): WireError {
  const known = wireErrorOf(error);
  if (known !== null) return known;
  onFault(error);
  return new WireError({ code: status.UNKNOWN, details: 'The server failed.' });
}

/** Aborted when the call ends in whatever way, or the server stops. */
export function endOfCall(call: ServerWritableStream<unknown, unknown>, closing: AbortSignal): AbortController {
  const gone = new AbortController();
  const end = (): void => {
    closing.removeEventListener('abort', end);
    gone.abort();
  };
  call.on('cancelled', end);
  call.on('close', end);
  call.on('finish', end);
  closing.addEventListener('abort', end, { once: true });
  if (call.cancelled || closing.aborted) end();
  return gone;
}

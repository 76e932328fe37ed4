/**
 * A subscription of the client library, in order: the library tells of checkpoints and of having caught up as soon as it
 * has read them, ahead of events that it still holds.
 */
import type { AllStreamSubscription } from '@eventstore/db-client';
import type { Position } from '../position.ts';
import { driverFailure } from './client-failure.ts';
import { DriverFailure, type DriverSubscription, type SubscriptionSink } from './driver.ts';
import { driverEvent } from './driver-event.ts';

interface Notice {
  /** Events to deliver first. */
  ahead: number;
  readonly tell: () => void;
}

type Open = (onCheckpoint: (position: Position) => void) => AllStreamSubscription;

export function subscribeClient(open: Open, sink: SubscriptionSink): DriverSubscription {
  const notices: Notice[] = [];
  let ended = false;
  const notice = (tell: () => void): void => {
    const ahead = stream.readableLength;
    if (ahead === 0) tell();
    else notices.push({ ahead, tell });
  };
  const fail = (error: unknown): void => {
    if (ended) return;
    ended = true;
    sink.failed(error);
  };
  const stream: AllStreamSubscription = open((position) => {
    if (!ended) notice(() => sink.checkpoint(position));
  });
  stream.on('data', (resolved) => {
    if (ended) return;
    const event = driverEvent(resolved);
    if (event !== null) sink.event(event);
    for (const waiting of notices) waiting.ahead -= 1;
    while (notices[0] !== undefined && notices[0].ahead <= 0) notices.shift()?.tell();
  });
  stream.on('caughtUp', () => {
    if (!ended) notice(() => sink.caughtUp());
  });
  stream.on('error', (error: unknown) => fail(driverFailure(error)));
  stream.on('end', () => fail(new DriverFailure('lost', 'the server ended the subscription')));
  return {
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close() {
      ended = true;
      // Fails where the call could not be begun: then there is none to end.
      stream.unsubscribe().catch((error: unknown) => stream.destroy(error as Error));
    },
  };
}

/** One value that must be unique, and who has it. Streams `unq-<kind>.<scope>.<keyed hash>`. */
import { z } from 'zod';
import type { Fact } from '../event.ts';
import { defineEvent, type EventOf, plain } from '../event-schema.ts';
import { foldText } from '../text.ts';

/** How long a claim may stand without its owner's event before another may take it over. */
export const CLAIM_PENDING_MS = 60_000;

const text = plain(z.string());

export const reservationEventDefinitions = [
  defineEvent(
    'uniqueness.value.claimed.v1',
    z.object({
      owner: text,
      ownerStream: text,
      claimId: text,
      state: z.enum(['pending', 'held']),
      /** RFC 3339; only of a pending claim. */
      until: text.optional(),
    }),
  ),
  defineEvent('uniqueness.value.confirmed.v1', z.object({ claimId: text })),
  defineEvent('uniqueness.value.released.v1', z.object({ claimId: text, reason: text })),
  /** On the owner's stream: the claim came too late, so that its delayed writer fails. */
  defineEvent('uniqueness.claim.abandoned.v1', z.object({ claimId: text })),
] as const;

export type ReservationEvent = EventOf<typeof reservationEventDefinitions>;

export type Reservation =
  | { readonly state: 'free' }
  | { readonly state: 'pending'; readonly claimId: string; readonly ownerStream: string; readonly until: string }
  | { readonly state: 'held'; readonly claimId: string; readonly owner: string; readonly ownerStream: string };

export const free: Reservation = { state: 'free' };

export function evolveReservation(reservation: Reservation, event: Fact): Reservation {
  const fact = event as unknown as ReservationEvent;
  switch (fact.type) {
    case 'uniqueness.value.claimed.v1': {
      const { state, claimId, owner, ownerStream, until = '' } = fact.data;
      return state === 'held' ? { state, claimId, owner, ownerStream } : { state, claimId, ownerStream, until };
    }
    case 'uniqueness.value.confirmed.v1':
      return reservation.state === 'pending' && reservation.claimId === fact.data.claimId
        ? {
            ...reservation,
            state: 'held',
            owner: reservation.ownerStream.slice(reservation.ownerStream.indexOf('-') + 1),
          }
        : reservation;
    case 'uniqueness.value.released.v1':
      return reservation.state !== 'free' && reservation.claimId === fact.data.claimId ? free : reservation;
    case 'uniqueness.claim.abandoned.v1':
      return reservation;
    default:
      fact satisfies never;
      return reservation;
  }
}

/** One normal form decides uniqueness and look-up: NFKC, folded case, no blanks around. The version stands in the hash. */
export const normalised = (value: string): string => `n1|${foldText(value).trim()}`;

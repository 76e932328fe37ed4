/**
 * Uniqueness by reservation: one stream per value, claimed before use.
 *
 * Rests on optimistic concurrency of one stream alone, so it holds on every event store. Where several streams can be
 * appended atomically the claim is `held` at once; elsewhere it is `pending` until the owner's event stands, and one
 * that stayed pending is settled by whoever meets it: confirmed when the owner's event is there, else fenced off on
 * the owner's stream and taken over.
 */
import type { Claim } from '../domain/decision.ts';
import type { Fact } from '../domain/event.ts';
import {
  CLAIM_PENDING_MS,
  evolveReservation,
  free,
  normalised,
  type Reservation,
} from '../domain/uniqueness/reservation.ts';
import { WrongExpectedRevision } from '../infra/event-store/errors.ts';
import type { Revision, StreamName } from '../infra/event-store/event-store.ts';
import { instantOf, type Kernel } from './kernel.ts';

type Expected = Revision | 'no-stream';

interface ReservationStream {
  readonly stream: StreamName;
  readonly reservation: Reservation;
  readonly expected: Expected;
}

/** Appends facts to one stream as the running command; conflicts surface as `WrongExpectedRevision`. */
export type AppendFacts = (stream: StreamName, expected: Expected, facts: readonly Fact[]) => Promise<unknown>;

export interface PreparedClaim {
  readonly claim: Claim;
  readonly stream: StreamName;
  readonly expected: Expected;
  readonly claimId: string;
  /** A former attempt of the same command made it already, or the owner holds it from before. */
  readonly own: boolean;
}

const idIn = (stream: StreamName): string => stream.slice(stream.indexOf('-') + 1);

const HASH_CHARACTERS = 26;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += BASE32[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
    value &= (1 << bits) - 1;
  }
  return text;
}

/** Reveals nothing: the value goes in as a keyed hash, and the key dies with its organization. */
export async function reservationStream(kernel: Pick<Kernel, 'vault'>, claim: Claim): Promise<StreamName> {
  const within = claim.within === undefined ? '' : `${claim.within}|`;
  const hash = await kernel.vault.blindIndex(claim.scope, `${claim.kind}|${within}${normalised(claim.value)}`);
  return `unq-${claim.kind}.${claim.scope}.${base32(hash).slice(0, HASH_CHARACTERS)}`;
}

async function load(kernel: Pick<Kernel, 'vault' | 'store'>, claim: Claim): Promise<ReservationStream> {
  const stream = await reservationStream(kernel, claim);
  let reservation: Reservation = free;
  let expected: Expected = 'no-stream';
  for await (const event of kernel.store.readStream(stream)) {
    reservation = evolveReservation(reservation, event);
    expected = event.revision;
  }
  return { stream, reservation, expected };
}

/** Id of the owner; null when the value is free. Newest state, whatever the read models know. */
export async function ownerOf(kernel: Pick<Kernel, 'vault' | 'store'>, claim: Claim): Promise<string | null> {
  const { reservation } = await load(kernel, claim);
  if (reservation.state === 'free') return null;
  if (reservation.state === 'held') return reservation.owner;
  const { ownerStream, claimId } = reservation;
  const stands = (await findClaim(kernel, ownerStream, claimId)).stands;
  return stands ? idIn(ownerStream) : null;
}

export interface ClaimRequest {
  readonly claim: Claim;
  /** The stream whose event is to make the claim good. */
  readonly ownerStream: StreamName;
  readonly claimId: string;
  readonly nowMs: number;
  readonly append: AppendFacts;
}

/** Null: somebody else has the value. */
export async function prepareClaim(kernel: Kernel, request: ClaimRequest): Promise<PreparedClaim | null> {
  const { claim, claimId } = request;
  const { stream, reservation, expected } = await load(kernel, claim);
  const prepared = { claim, stream, claimId };
  if (reservation.state === 'free') return { ...prepared, expected, own: false };
  if (reservation.claimId === claimId) return { ...prepared, expected, own: true };
  if (reservation.state === 'held') {
    return reservation.ownerStream === request.ownerStream ? { ...prepared, expected, own: true } : null;
  }
  if (Date.parse(reservation.until) > request.nowMs) return null;

  const takenOver = await settleExpired(kernel, { stream, reservation, expected }, request.append);
  return takenOver ? { ...prepared, expected, own: false } : null;
}

/** True when the pending claim was fenced off, so that the value may be claimed at the revision read. */
async function settleExpired(
  kernel: Kernel,
  pending: ReservationStream & { readonly reservation: Extract<Reservation, { state: 'pending' }> },
  append: AppendFacts,
): Promise<boolean> {
  const { ownerStream, claimId } = pending.reservation;
  const owner = await findClaim(kernel, ownerStream, claimId);
  if (owner.stands) {
    await append(pending.stream, pending.expected, [{ type: 'uniqueness.value.confirmed.v1', data: { claimId } }]);
    return false;
  }
  // Only once this stands can the delayed writer no longer succeed: its own expectation fails.
  if (!owner.abandoned) {
    await append(ownerStream, owner.revision, [{ type: 'uniqueness.claim.abandoned.v1', data: { claimId } }]);
  }
  return true;
}

async function findClaim(kernel: Pick<Kernel, 'store'>, ownerStream: StreamName, claimId: string) {
  let revision: Expected = 'no-stream';
  let stands = false;
  let abandoned = false;
  for await (const event of kernel.store.readStream(ownerStream)) {
    revision = event.revision;
    if (event.meta.claims?.split(' ').includes(claimId)) stands = true;
    if (event.type === 'uniqueness.claim.abandoned.v1' && event.data['claimId'] === claimId) abandoned = true;
  }
  return { revision, stands, abandoned };
}

export function claimedFact(prepared: PreparedClaim, ownerStream: StreamName, until?: number): Fact {
  const data = { owner: idIn(ownerStream), ownerStream, claimId: prepared.claimId };
  const state = until === undefined ? { state: 'held' } : { state: 'pending', until: instantOf(until) };
  return { type: 'uniqueness.value.claimed.v1', data: { ...data, ...state } };
}

export const pendingUntil = (nowMs: number): number => nowMs + CLAIM_PENDING_MS;

/** What gives a value back; null when it is free already or another's. */
export async function prepareRelease(
  kernel: Kernel,
  claim: Claim,
  owner: string,
): Promise<{ stream: StreamName; expected: Expected; fact: Fact } | null> {
  const { stream, reservation, expected } = await load(kernel, claim);
  if (reservation.state === 'free') return null;
  if (idIn(reservation.ownerStream) !== owner) return null;
  const { claimId } = reservation;
  return { stream, expected, fact: { type: 'uniqueness.value.released.v1', data: { claimId, reason: 'owner' } } };
}

/** Gives back a claim whose command came to nothing. A conflict means that another settled it already. */
export async function giveBack(prepared: PreparedClaim, append: AppendFacts): Promise<void> {
  const { claimId, stream, expected } = prepared;
  const next = expected === 'no-stream' ? 0n : expected + 1n;
  try {
    await append(stream, next, [{ type: 'uniqueness.value.released.v1', data: { claimId, reason: 'refused' } }]);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
}

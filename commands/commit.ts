/** From a decision to the log: claims, new streams and the command's own stream, all or none. */
import type { Claim, Decision, StreamFacts } from '../domain/decision.ts';
import type { DomainEvent, EventMeta, Fact } from '../domain/event.ts';
import { WrongExpectedRevision } from '../infra/event-store/errors.ts';
import type { Revision, StreamAppend, StreamName } from '../infra/event-store/event-store.ts';
import type { Position } from '../infra/event-store/position.ts';
import type { Kernel } from './kernel.ts';
import {
  type AppendFacts,
  claimedFact,
  giveBack,
  type PreparedClaim,
  pendingUntil,
  prepareClaim,
  prepareRelease,
} from './reservations.ts';

export interface CommitRequest {
  readonly kernel: Kernel;
  readonly stream: StreamName;
  /** Id of the aggregate. */
  readonly owner: string;
  readonly expected: Revision | 'no-stream';
  readonly decision: Decision;
  /** Whose key seals the stream's personal values. */
  readonly subject: string | null;
  readonly nowMs: number;
  readonly meta: Omit<EventMeta, 'subject' | 'claims'>;
  readonly source: { readonly ip: string; readonly userAgent: string | null; readonly subject: string } | null;
  readonly eventId: (stream: StreamName, type: string, index: number) => string;
  readonly claimId: (index: number) => string;
}

export type Committed =
  | {
      readonly kind: 'committed';
      readonly revision: Revision;
      readonly position: Position;
      readonly events: readonly DomainEvent[];
    }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'taken'; readonly claim: Pick<Claim, 'kind' | 'value' | 'attribute'> };

export async function commit(request: CommitRequest): Promise<Committed> {
  const { kernel } = request;
  const append = appendFacts(request);
  const claims: OwnedClaim[] = [];
  try {
    for (const [index, { claim, ownerStream }] of wanted(request).entries()) {
      const claimId = request.claimId(index);
      const prepared = await prepareClaim(kernel, { claim, ownerStream, claimId, nowMs: request.nowMs, append });
      if (prepared === null) return { kind: 'taken', claim };
      claims.push({ ...prepared, ownerStream });
    }
    await createKeys(request);
    if (kernel.store.capabilities.atomicMultiStream) return await commitAtOnce(request, claims);
    return await commitStepwise(request, claims, append);
  } catch (error) {
    if (error instanceof WrongExpectedRevision) return { kind: 'conflict' };
    throw error;
  }
}

interface OwnedClaim extends PreparedClaim {
  readonly ownerStream: StreamName;
}

function wanted({ decision, stream }: CommitRequest): { claim: Claim; ownerStream: StreamName }[] {
  const own = (decision.claims ?? []).map((claim) => ({ claim, ownerStream: stream }));
  const born = (decision.births ?? []).flatMap((birth) =>
    (birth.claims ?? []).map((claim) => ({ claim, ownerStream: birth.stream })),
  );
  return [...own, ...born];
}

/** Keys first: an event whose key is lost can never be read. */
async function createKeys({ kernel, subject, expected, decision, meta }: CommitRequest): Promise<void> {
  const org = meta.org ?? '';
  if (subject !== null && expected === 'no-stream') await kernel.vault.createDataKey(subject, org);
  for (const birth of decision.births ?? []) {
    if (birth.newSubject === true && birth.subject !== undefined) await kernel.vault.createDataKey(birth.subject, org);
  }
}

async function commitAtOnce(request: CommitRequest, claims: readonly OwnedClaim[]): Promise<Committed> {
  const { kernel, decision, stream, owner } = request;
  const own = await encoded(request, ownFacts(request), claims);
  const parts: StreamAppend[] = [];
  for (const prepared of claims) {
    if (prepared.own) continue;
    const fact = claimedFact(prepared, prepared.ownerStream);
    parts.push(await part(request, prepared, [fact]));
  }
  for (const birth of decision.births ?? []) {
    const { events } = await encoded(request, birth, claims);
    parts.push({ stream: birth.stream, expected: 'no-stream', events });
  }
  parts.push({ stream, expected: request.expected, events: own.events });
  for (const claim of decision.releases ?? []) {
    const release = await prepareRelease(kernel, claim, owner);
    if (release !== null) parts.push(await part(request, release, [release.fact]));
  }
  if (parts.length === 1) {
    const { revision, position } = await kernel.store.append(stream, request.expected, own.events);
    return committed(request, own.readable, revision, position);
  }
  const { position, revisions } = await kernel.store.appendAtomic(parts);
  return committed(request, own.readable, revisions.get(stream) ?? 0n, position);
}

async function part(
  request: CommitRequest,
  target: { readonly stream: StreamName; readonly expected: Revision | 'no-stream' },
  facts: readonly Fact[],
): Promise<StreamAppend> {
  const { events } = await encoded(request, { stream: target.stream, facts }, []);
  return { stream: target.stream, expected: target.expected, events };
}

/** Claim, own streams, confirm, release: each step safe to be the last. */
async function commitStepwise(
  request: CommitRequest,
  claims: readonly OwnedClaim[],
  append: AppendFacts,
): Promise<Committed> {
  const { kernel, decision, stream, nowMs } = request;
  const made: OwnedClaim[] = [];
  try {
    for (const prepared of claims) {
      if (prepared.own) continue;
      const fact = claimedFact(prepared, prepared.ownerStream, pendingUntil(nowMs));
      await append(prepared.stream, prepared.expected, [fact]);
      made.push(prepared);
    }
    for (const birth of decision.births ?? []) {
      const { events } = await encoded(request, birth, claims);
      await kernel.store.append(birth.stream, 'no-stream', events);
    }
    const own = await encoded(request, ownFacts(request), claims);
    const { revision, position } = await kernel.store.append(stream, request.expected, own.events);
    await finish(request, made, append);
    return committed(request, own.readable, revision, position);
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision) || error.stream !== stream) throw error;
    for (const prepared of made) await giveBack(prepared, append);
    throw error;
  }
}

/** The owner's event stands, so a conflict here means that another confirmed the claim, or took the release over. */
async function finish(request: CommitRequest, made: readonly OwnedClaim[], append: AppendFacts): Promise<void> {
  for (const { stream, expected, claimId } of made) {
    const next = expected === 'no-stream' ? 0n : expected + 1n;
    await unlessSettled(append(stream, next, [{ type: 'uniqueness.value.confirmed.v1', data: { claimId } }]));
  }
  for (const claim of request.decision.releases ?? []) {
    const release = await prepareRelease(request.kernel, claim, request.owner);
    if (release !== null) await unlessSettled(append(release.stream, release.expected, [release.fact]));
  }
}

async function unlessSettled(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
}

const ownFacts = ({ stream, decision, subject }: CommitRequest): StreamFacts => ({
  stream,
  facts: decision.facts,
  ...(subject === null ? {} : { subject }),
});

async function encoded(request: CommitRequest, facts: StreamFacts, claims: readonly OwnedClaim[]) {
  const { kernel } = request;
  // Where the request came from is said once, on the command's own stream.
  const source = facts.stream === request.stream ? request.source : null;
  const made = claims.filter(({ ownerStream }) => ownerStream === facts.stream);
  const meta: EventMeta = {
    ...request.meta,
    ...(facts.subject === undefined ? {} : { subject: facts.subject }),
    ...(made.length === 0 ? {} : { claims: made.map(({ claimId }) => claimId).join(' ') }),
  };
  const readable = facts.facts.map((fact, index) => {
    const id = request.eventId(facts.stream, fact.type, index);
    return source === null ? { id, fact, meta } : { id, fact, meta, source };
  });
  return { events: await kernel.codec.encode(readable), readable };
}

function appendFacts(request: CommitRequest): AppendFacts {
  return async (stream, expected, facts) => {
    const { events } = await encoded(request, { stream, facts }, []);
    return await request.kernel.store.append(stream, expected, events);
  };
}

function committed(
  request: CommitRequest,
  readable: readonly { readonly id: string; readonly fact: Fact; readonly meta: EventMeta }[],
  revision: Revision,
  position: Position,
): Committed {
  const first = revision - BigInt(readable.length) + 1n;
  const events = readable.map(({ id, fact, meta }, index) => ({
    id,
    ...fact,
    meta,
    stream: request.stream,
    revision: first + BigInt(index),
    position,
    erased: false,
  }));
  return { kind: 'committed', revision, position, events };
}

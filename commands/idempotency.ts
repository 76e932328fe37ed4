/**
 * One effect and one answer for a command that is sent again with its `Idempotency-Key`.
 *
 * The key decides the command id, that the ids of new things and of events; so a repeat meets its own events in the log
 * even where the record of the first answer was lost. Another body under the same key is refused.
 */
import type { Aggregate } from '../domain/aggregate.ts';
import type { Json } from '../domain/json.ts';
import { accept, type Result, refuse } from '../domain/result.ts';
import type { TransientKey } from '../infra/transient-store/transient-store.ts';
import { streamOf } from './aggregates.ts';
import type { CommonRefusal, Outcome, Scope } from './command.ts';

export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;
export const IDEMPOTENCY_KEPT_MS = 7 * 24 * 3_600_000;

interface KeyedScope extends Scope<unknown> {
  readonly commandId: string;
}

export const isIdempotencyKey = (key: string | undefined): boolean =>
  key === undefined || (/^[\x21-\x7e]+$/.test(key) && key.length <= IDEMPOTENCY_KEY_CHARACTERS_MAX);

/** Keyed, so that the log reveals nothing of the body; null without an idempotency key. */
export async function requestHash({ kernel, envelope, input }: KeyedScope): Promise<string | null> {
  if (envelope.idempotencyKey === undefined) return null;
  const hash = await kernel.vault.blindIndex(
    envelope.caller.tenant,
    `request|${envelope.requestText ?? canonical(input)}`,
  );
  return hash.toString('base64url');
}

/** The answer given before; null when the command is new. */
export async function formerOutcome<State>(
  command: { readonly aggregate: Aggregate<State> },
  scope: KeyedScope,
  request: string | null,
): Promise<Result<Outcome<State>, CommonRefusal> | null> {
  if (request === null || scope.envelope.dryRun === true) return null;
  const record = await scope.kernel.transient.get<{ request: string; id: string; revision: string }>(keyOf(scope));
  return record === null ? null : await answerAgain(command, scope, { known: record.value, request });
}

/**
 * The answer that the log itself remembers. Asked between load and append, it also meets a twin that is running now:
 * one that appended before the load is seen here, one that appends after it makes our own append conflict.
 */
export async function loggedOutcome<State>(
  command: { readonly aggregate: Aggregate<State> },
  scope: KeyedScope,
  request: string | null,
): Promise<Result<Outcome<State>, CommonRefusal> | null> {
  if (request === null) return null;
  const known = await fromLog(command, scope);
  return known === null ? null : await answerAgain(command, scope, { known, request });
}

interface KnownOutcome {
  readonly request: string;
  readonly id: string;
  readonly revision: string;
}

async function answerAgain<State>(
  command: { readonly aggregate: Aggregate<State> },
  scope: KeyedScope,
  { known, request }: { readonly known: KnownOutcome; readonly request: string },
): Promise<Result<Outcome<State>, CommonRefusal>> {
  if (known.request !== request) return refuse({ reason: 'idempotency-key-reused' });
  return accept(await outcomeAt(command, scope, known));
}

async function outcomeAt<State>(
  command: { readonly aggregate: Aggregate<State> },
  { kernel, commandId }: KeyedScope,
  known: { readonly id: string; readonly revision: string },
): Promise<Outcome<State>> {
  const revision = known.revision === 'no-stream' ? -1n : BigInt(known.revision);
  const loaded = await kernel.aggregates.loadAt(command.aggregate, known.id, revision);
  return { commandId, id: known.id, ...loaded, changed: false, events: [] };
}

/** The command's events carry its id as their cause. */
async function fromLog(
  command: { readonly aggregate: { readonly category: string } },
  scope: KeyedScope,
): Promise<KnownOutcome | null> {
  let found: KnownOutcome | null = null;
  for await (const event of scope.kernel.store.readStream(streamOf(command.aggregate, scope.id))) {
    const { request } = event.meta;
    const isOurs = request !== undefined && event.meta.$causationId === causeOf(scope);
    if (isOurs) found = { request, id: scope.id, revision: String(event.revision) };
  }
  return found;
}

const causeOf = ({ envelope, commandId }: KeyedScope): string => envelope.causationId ?? commandId;

export async function rememberOutcome(scope: KeyedScope, request: string | null, outcome: Outcome): Promise<void> {
  if (request === null || outcome.pendingApproval !== undefined) return;
  const value = { request, id: outcome.id, revision: String(outcome.revision) };
  const expiresAtMs = scope.nowMs + IDEMPOTENCY_KEPT_MS;
  await scope.kernel.transient.commit([{ op: 'put', key: keyOf(scope), value, expiresAtMs, expect: 'any' }]);
}

const keyOf = ({ envelope, commandId }: KeyedScope): TransientKey => ({
  type: 'idempotency',
  tenant: envelope.caller.tenant,
  id: commandId,
});

/** The same text for equal inputs, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: Json) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * The one way a change is made: parse, authorize, gather facts, ask for approval, fold, decide, append.
 *
 * The answer is made from the folded state and the new events, never from a read model.
 */
import type { Aggregate } from '../domain/aggregate.ts';
import type { Claim, Decision } from '../domain/decision.ts';
import type { DomainEvent, EventMeta } from '../domain/event.ts';
import { SUPER_ORG_ID } from '../domain/ids.ts';
import { accept, type Result, refuse } from '../domain/result.ts';
import { fold, type Loaded, streamOf } from './aggregates.ts';
import {
  type Command,
  CommandContention,
  type CommonRefusal,
  type Envelope,
  type Outcome,
  type Scope,
} from './command.ts';
import { type CommitRequest, commit } from './commit.ts';
import { uuidFrom } from './derived-ids.ts';
import { formerOutcome, isIdempotencyKey, loggedOutcome, rememberOutcome, requestHash } from './idempotency.ts';
import { instantOf, type Kernel } from './kernel.ts';
import { may } from './permissions.ts';
import { ownerOf } from './reservations.ts';

export const CONFLICT_RETRIES_MAX = 3;

type Answer<State, Refusal> = Result<Outcome<State>, Refusal | CommonRefusal>;

export async function execute<Input, State, Refusal extends { reason: string }, Facts>(
  kernel: Kernel,
  command: Command<Input, State, Refusal, Facts>,
  rawInput: unknown,
  envelope: Envelope,
): Promise<Answer<State, Refusal>> {
  return await kernel.telemetry.span(`command ${command.type}`, {}, async () => {
    const parsed = command.input.safeParse(rawInput);
    if (!parsed.success) return refuse(invalidInput(parsed.error.issues));
    if (!may(envelope.caller, command.permissions)) return refuse(forbidden(command));
    if (command.crossesTenants === true && !isOfSuper(envelope)) return refuse(forbidden(command));
    if (!isIdempotencyKey(envelope.idempotencyKey)) return refuse({ reason: 'idempotency-key-invalid' } as const);
    return await run(kernel, command, scopeOf(kernel, command, parsed.data, envelope));
  });
}

const isOfSuper = ({ caller }: Envelope): boolean => caller.kind === 'system' || caller.tenant === SUPER_ORG_ID;

const forbidden = (command: { permissions: readonly string[] }) =>
  ({ reason: 'forbidden', permissions: command.permissions }) as const;

function invalidInput(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]) {
  const listed = issues.slice(0, 20).map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  return { reason: 'invalid-input', issues: listed } as const;
}

/**
 * What a request with this idempotency key was answered before; null when it is new. For doors whose own checks look at
 * a state that the first answer has changed.
 */
export async function answeredBefore<Input, State, Refusal extends { reason: string }, Facts>(
  kernel: Kernel,
  command: Command<Input, State, Refusal, Facts>,
  input: Input,
  envelope: Envelope,
): Promise<Answer<State, never> | null> {
  if (envelope.idempotencyKey === undefined || !isIdempotencyKey(envelope.idempotencyKey)) return null;
  const scope = scopeOf(kernel, command, input, envelope);
  const request = await requestHash(scope);
  return (await formerOutcome(command, scope, request)) ?? (await loggedOutcome(command, scope, request));
}

interface Execution<Input> extends Scope<Input> {
  readonly commandId: string;
  readonly repeatable: boolean;
}

function scopeOf<Input>(
  kernel: Kernel,
  command: { readonly type: string; readonly target: (input: Input) => string | null },
  input: Input,
  envelope: Envelope,
): Execution<Input> {
  const { idempotencyKey: key, caller } = envelope;
  const keyed = key === undefined ? undefined : uuidFrom(`${caller.tenant}|${caller.id}|${command.type}|${key}`);
  const commandId = keyed ?? envelope.commandId ?? kernel.uuid();
  const repeatable = keyed !== undefined || envelope.commandId !== undefined;
  const derivedId = (purpose: string) => (repeatable ? uuidFrom(`${commandId}|${purpose}`) : kernel.uuid());
  const id = command.target(input) ?? derivedId('aggregate');
  return { kernel, input, envelope, id, nowMs: kernel.clock(), derivedId, commandId, repeatable };
}

async function run<Input, State, Refusal extends { reason: string }, Facts>(
  kernel: Kernel,
  command: Command<Input, State, Refusal, Facts>,
  scope: Execution<Input>,
): Promise<Answer<State, Refusal>> {
  const request = await requestHash(scope);
  const former = await formerOutcome(command, scope, request);
  if (former !== null) return former;

  const facts = command.facts === undefined ? accept(undefined as Facts) : await command.facts(scope);
  if (!facts.ok) return facts;
  if (scope.envelope.dryRun === true) return await rehearse(command, scope, facts.value);

  const pendingApproval = await kernel.approvals.park({
    type: command.type,
    id: scope.id,
    input: scope.input,
    caller: scope.envelope.caller,
  });
  const answer = await (pendingApproval === null
    ? decideAndAppend(command, scope, { facts: facts.value, request })
    : parked(command, scope, pendingApproval));
  const made = answer.ok && answer.value.changed;
  if (!made) await command.undo?.(facts.value, scope);
  if (answer.ok) {
    await rememberOutcome(scope, request, answer.value);
    await command.afterwards?.(answer.value, facts.value, scope);
  }
  return answer;
}

async function parked<Input, State>(
  command: { readonly aggregate: Aggregate<State> },
  scope: Execution<Input>,
  pendingApproval: string,
): Promise<{ ok: true; value: Outcome<State> }> {
  const { state, revision, position } = await scope.kernel.aggregates.load(command.aggregate, scope.id);
  const { commandId, id } = scope;
  return accept({ commandId, id, state, revision, position, changed: false, events: [], pendingApproval });
}

async function decideAndAppend<Input, State, Refusal extends { reason: string }, Facts>(
  command: Command<Input, State, Refusal, Facts>,
  scope: Execution<Input>,
  gathered: { readonly facts: Facts; readonly request: string | null },
): Promise<Answer<State, Refusal>> {
  const { kernel, id, envelope } = scope;
  for (let attempt = 0; attempt <= CONFLICT_RETRIES_MAX; attempt += 1) {
    const loaded = await current(command, scope);
    const twin = await loggedOutcome(command, scope, gathered.request);
    if (twin !== null) return twin;
    const decided = decideOn(command, scope, { loaded, facts: gathered.facts });
    if (!decided.ok) return decided;
    if (decided.value.facts.length === 0) return accept(unchanged(scope, loaded));

    const outcome = await commit(
      commitRequest(command, scope, { loaded, decision: decided.value, request: gathered.request }),
    );
    if (outcome.kind === 'taken') return refuse(valueTaken(outcome.claim));
    if (outcome.kind === 'conflict') {
      if (envelope.ifRevision !== undefined) break;
      continue;
    }
    const after = scope.repeatable
      ? await kernel.aggregates.loadAt(command.aggregate, id, outcome.revision) // a twin's events may stand in place of ours
      : fold(loaded, command.aggregate, outcome.events);
    kernel.aggregates.remember(command.aggregate, id, after);
    return accept(changedOutcome(scope, after, outcome.events));
  }
  if (envelope.ifRevision === undefined) throw new CommandContention(streamOf(command.aggregate, id));
  return refuse({ reason: 'revision-differs', actual: 'moved' } as const);
}

/** A new aggregate has a new id: there is nothing to read. */
async function current<Input, State>(
  command: Pick<Command<Input, State>, 'aggregate' | 'target'>,
  scope: Execution<Input>,
): Promise<Loaded<State>> {
  const isNew = !scope.repeatable && command.target(scope.input) === null;
  if (isNew) return { state: command.aggregate.initial, revision: 'no-stream', position: null };
  return await scope.kernel.aggregates.load(command.aggregate, scope.id);
}

function decideOn<Input, State, Refusal extends { reason: string }, Facts>(
  command: Command<Input, State, Refusal, Facts>,
  scope: Execution<Input>,
  on: { readonly loaded: Loaded<State>; readonly facts: Facts },
): Result<Decision, Refusal | CommonRefusal> {
  const { ifRevision, caller } = scope.envelope;
  const { state, revision } = on.loaded;
  const home = command.aggregate.home(state);
  const crosses = command.crossesTenants === true;
  // Another organization's thing does not exist for this caller.
  if (home !== null && !crosses && !isWithin(home, caller)) return refuse({ reason: 'not-found' } as const);
  if (ifRevision !== undefined && revision !== ifRevision) {
    return refuse({ reason: 'revision-differs', actual: String(revision) } as const);
  }
  return command.decide(state, scope.input, on.facts, scope);
}

const isWithin = (home: { tenant: string; org: string }, caller: { tenant: string; org: string }): boolean =>
  home.tenant === caller.tenant && home.org === caller.org;

/** The same decision without any trace: no key, no event, no reservation. */
async function rehearse<Input, State, Refusal extends { reason: string }, Facts>(
  command: Command<Input, State, Refusal, Facts>,
  scope: Execution<Input>,
  facts: Facts,
): Promise<Answer<State, Refusal>> {
  const loaded = await current(command, scope);
  const decided = decideOn(command, scope, { loaded, facts });
  if (!decided.ok) return decided;
  if (decided.value.facts.length === 0) return accept(unchanged(scope, loaded));
  const taken = await firstTaken(scope, decided.value.claims ?? []);
  if (taken !== null) return refuse(valueTaken(taken));

  const stream = streamOf(command.aggregate, scope.id);
  const first = loaded.revision === 'no-stream' ? 0n : loaded.revision + 1n;
  const position = loaded.position ?? { commit: 0n, prepare: 0n };
  const meta = metaOf(command, scope, null);
  const events = decided.value.facts.map(
    (fact, index): DomainEvent => ({
      ...fact,
      id: scope.derivedId(`rehearsal|${index}`),
      meta,
      stream,
      revision: first + BigInt(index),
      position,
      erased: false,
    }),
  );
  const { state } = fold(loaded, command.aggregate, events);
  return accept({ ...unchanged(scope, { ...loaded, state }), changed: true, events });
}

async function firstTaken({ kernel, id }: Execution<unknown>, claims: readonly Claim[]): Promise<Claim | null> {
  for (const claim of claims) {
    const owner = await ownerOf(kernel, claim);
    if (owner !== null && owner !== id) return claim;
  }
  return null;
}

const valueTaken = ({ kind, value, attribute }: Pick<Claim, 'kind' | 'value' | 'attribute'>) =>
  ({ reason: 'value-taken', kind, value, ...(attribute === undefined ? {} : { attribute }) }) as const;

function unchanged<State>(scope: Execution<unknown>, { state, revision, position }: Loaded<State>): Outcome<State> {
  const { commandId, id } = scope;
  return { commandId, id, state, revision, position, changed: false, events: [] };
}

const changedOutcome = <State>(
  scope: Execution<unknown>,
  { state, revision, position }: Loaded<State>,
  events: readonly DomainEvent[],
): Outcome<State> => ({ commandId: scope.commandId, id: scope.id, state, revision, position, changed: true, events });

function commitRequest<Input, State>(
  command: { readonly type: string; readonly aggregate: Aggregate<State>; readonly crossesTenants?: true },
  scope: Execution<Input>,
  what: { readonly loaded: Loaded<State>; readonly decision: Decision; readonly request: string | null },
): CommitRequest {
  const { kernel, id, envelope, commandId, repeatable } = scope;
  const { caller, source } = envelope;
  const sourceSubject = caller.kind === 'user' ? caller.id : caller.tenant;
  const eventId = (stream: string, type: string, index: number) =>
    repeatable ? uuidFrom(`${commandId}|${stream}|${type}|${index}`) : kernel.uuid();
  return {
    kernel,
    stream: streamOf(command.aggregate, id),
    owner: id,
    expected: what.loaded.revision,
    decision: what.decision,
    subject: command.aggregate.subject?.(id) ?? null,
    nowMs: scope.nowMs,
    meta: metaOf(command, scope, what.request),
    source: source === undefined || source === null ? null : { ...source, subject: sourceSubject },
    eventId,
    claimId: (index) => uuidFrom(`${commandId}|claim|${index}`),
  };
}

function metaOf(
  command: { readonly type: string; readonly crossesTenants?: true },
  scope: Execution<unknown>,
  request: string | null,
): EventMeta {
  const { envelope, id, commandId, nowMs } = scope;
  const { caller, traceId } = envelope;
  const place = command.crossesTenants === true ? { tenant: id, org: id } : { tenant: caller.tenant, org: caller.org };
  return {
    $correlationId: envelope.correlationId,
    $causationId: envelope.causationId ?? commandId,
    at: instantOf(nowMs),
    ...place,
    actor: caller.id,
    actorType: caller.kind,
    command: command.type,
    ...(caller.chain === undefined ? {} : { actorChain: caller.chain.join(' ') }),
    ...(traceId === undefined || traceId === null ? {} : { trace: traceId }),
    ...(request === null ? {} : { request }),
  };
}

/**
 * Finishes what an erasure began: destroys the key, sees the read models forget, and records that it was verified.
 *
 * The command destroys the key at once; this follows the log so that a stop between event and key leaves nothing behind.
 */
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import type { Command } from '../commands/command.ts';
import { uuidFrom } from '../commands/derived-ids.ts';
import type { Kernel } from '../commands/kernel.ts';
import { execute } from '../commands/pipeline.ts';
import type { OrgId, UserId } from '../domain/ids.ts';
import { decideVerifyErasure, type User, users } from '../domain/users/user.ts';
import type { RecordedEvent } from '../infra/event-store/event-store.ts';
import { comparePositions, decodePosition, encodePosition, type Position } from '../infra/event-store/position.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import type { TransientKey } from '../infra/transient-store/transient-store.ts';

const ERASED = 'identity.user.erased.v1';
const LOOK_EVERY_MS = 500;
const SAVE_EVERY_MS = 60_000;
const CATCH_UP_MS_MAX = 30_000;
const CHECKPOINT_KEPT_MS = 10 * 365 * 24 * 3_600_000;

const checkpoint: TransientKey = { type: 'consumer', tenant: 'server', id: 'erasure' };

/** How far erasures were finished, and the last who was erased; a type, not an interface, as JSON values are. */
type Progress = { readonly position: string; readonly lastErased: string | null };

interface Reached {
  readonly after: Position | null;
  readonly lastErased: string | null;
}

const nowhere: Reached = { after: null, lastErased: null };

/** Runs until the signal aborts. A failure surfaces: the caller reports it and starts it again. */
export async function followErasures(kernel: Kernel, reads: ReadStore, signal: AbortSignal): Promise<void> {
  let reached = await formerlyReached(kernel);
  let saved = reached.after;
  let savedAtMs = kernel.clock();
  while (!signal.aborted) {
    reached = await finishErasures({ kernel, reads, signal }, reached);
    // Between erasures only so that the next start has little to look through.
    if (reached.after !== saved && kernel.clock() - savedAtMs >= SAVE_EVERY_MS) {
      await advance(kernel, reached);
      saved = reached.after;
      savedAtMs = kernel.clock();
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

/**
 * From the start when the vault still has the key of the last who was erased: it is a backup from before, and all that
 * it forgot since is to be forgotten again.
 */
async function formerlyReached({ transient, vault }: Kernel): Promise<Reached> {
  const { position, lastErased } = (await transient.get<Progress>(checkpoint))?.value ?? {};
  const after = decodePosition(position ?? '');
  if (after === null) return nowhere;
  if (lastErased === undefined || lastErased === null) return { after, lastErased: null };
  const key = (await vault.dataKeys([lastErased])).get(lastErased);
  return key === 'destroyed' ? { after, lastErased } : nowhere;
}

interface Following {
  readonly kernel: Kernel;
  readonly reads: ReadStore;
  readonly signal: AbortSignal;
}

/** Erasures are rare: looking at intervals leaves every other commit in peace. */
async function finishErasures({ kernel, reads, signal }: Following, reached: Reached): Promise<Reached> {
  const { after } = reached;
  const head = await kernel.store.head();
  if (head === null || (after !== null && comparePositions(head, after) <= 0)) return reached;
  let { lastErased } = reached;
  let last: Position | null = null;
  for await (const event of kernel.store.readAll({
    after: after ?? 'start',
    filter: { typePrefixes: [ERASED] },
    signal,
  })) {
    await finishErasure(kernel, reads, event);
    last = event.position;
    lastErased = event.data['subject'] as UserId;
  }
  if (last !== null) await advance(kernel, { after: last, lastErased });
  return { after: head, lastErased };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal, ref: false });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function advance(kernel: Kernel, { after, lastErased }: Reached): Promise<void> {
  if (after === null) return;
  const expiresAtMs = kernel.clock() + CHECKPOINT_KEPT_MS;
  const value: Progress = { position: encodePosition(after), lastErased };
  await kernel.transient.commit([{ op: 'put', key: checkpoint, value, expiresAtMs, expect: 'any' }]);
}

async function finishErasure(kernel: Kernel, reads: ReadStore, event: RecordedEvent): Promise<void> {
  const subject = event.data['subject'] as UserId;
  const tenant = event.meta.tenant as OrgId;
  await kernel.vault.destroySubject(subject);
  const reached = await reads.waitFor('users', event.position, CATCH_UP_MS_MAX);
  if (reached === 'behind') throw new Error(`the user read model has not passed the erasure of ${subject}`);
  const left = await reads.find('users', tenant, subject);
  if (left !== null) throw new Error(`the user read model still holds the erased subject ${subject}`);

  const org = (event.meta.org ?? tenant) as OrgId;
  const caller = { kind: 'system', id: 'erasure', tenant, org, permissions: new Set<string>(), memoryKey: '' } as const;
  const verified = await execute(
    kernel,
    verifyErasure,
    { userId: subject },
    {
      caller,
      correlationId: event.meta.$correlationId,
      causationId: event.id,
      commandId: uuidFrom(`${event.id}|verify-erasure`),
    },
  );
  if (!verified.ok) throw new Error(`the erasure of ${subject} cannot be verified: ${verified.refusal.reason}`);
}

const input = z.strictObject({ userId: z.string() });

const verifyErasure: Command<z.output<typeof input>, User> = {
  type: 'VerifyErasure',
  summary: 'Records that read models and indexes hold nothing of an erased subject.',
  input,
  permissions: [],
  aggregate: users,
  target: ({ userId }) => userId,
  decide: (user, { userId }) => decideVerifyErasure(user, userId as UserId),
};

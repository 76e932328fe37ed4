/**
 * Finishes what asked for an attribute's values to be unique and was not done within its request: claims the values of
 * all users from before. A stop leaves nothing behind: the next start finds what was announced and not concluded.
 */
import { setTimeout } from 'node:timers/promises';
import { type ClaimingRequest, claimExistingValues } from '../commands/attributes/claim-existing-values.ts';
import type { Kernel } from '../commands/kernel.ts';
import type { OrgId, TenantId } from '../domain/ids.ts';
import type { RecordedEvent } from '../infra/event-store/event-store.ts';
import { comparePositions, type Position } from '../infra/event-store/position.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';

const PREFIX = 'attribute.uniqueness.';
const LOOK_EVERY_MS = 1_000;
/** The request itself tries first. */
const LEFT_ALONE_MS = 3_000;
/** How long one attribute may keep the others waiting. */
const TURN_MS_MAX = 60_000;

type Waiting = Map<string, Omit<ClaimingRequest, 'untilMs'> & { readonly atMs: number }>;

/** Runs until the signal aborts. A failure surfaces: the caller reports it and starts it again. */
export async function followUniqueness(kernel: Kernel, reads: ReadStore, signal: AbortSignal): Promise<void> {
  const waiting: Waiting = new Map();
  let after: Position | null = null;
  while (!signal.aborted) {
    after = await readOn(kernel, waiting, after, signal);
    for (const [key, { atMs, ...request }] of waiting) {
      if (signal.aborted) return;
      if (kernel.clock() - atMs < LEFT_ALONE_MS) continue;
      const claiming = await claimExistingValues(kernel, reads, { ...request, untilMs: kernel.clock() + TURN_MS_MAX });
      if (claiming.kind !== 'unfinished') waiting.delete(key);
    }
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Definitions change rarely: looking at intervals leaves every other commit in peace. */
async function readOn(
  kernel: Kernel,
  waiting: Waiting,
  after: Position | null,
  signal: AbortSignal,
): Promise<Position | null> {
  const head = await kernel.store.head();
  if (head === null || (after !== null && comparePositions(head, after) <= 0)) return after;
  const filter = { typePrefixes: [PREFIX] };
  for await (const event of kernel.store.readAll({ after: after ?? 'start', filter, signal })) {
    if (comparePositions(event.position, head) > 0) break;
    note(waiting, event);
  }
  return head;
}

function note(waiting: Waiting, { type, data, meta }: RecordedEvent): void {
  const tenant = meta.tenant as TenantId;
  const org = (meta.org ?? tenant) as OrgId;
  const uri = String(data['uri']);
  const key = `${org}|${uri}`;
  waiting.delete(key);
  if (type !== `${PREFIX}announced.v1`) return;
  waiting.set(key, { tenant, org, uri, correlationId: meta.$correlationId, atMs: Date.parse(meta.at) });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal, ref: false });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

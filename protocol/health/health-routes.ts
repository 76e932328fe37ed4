/**
 * Whether the server lives, and whether it can serve: for load balancers. Anybody may ask, so the answer names the parts
 * and no more; what is wrong with one stands in the log.
 */
import type { Kernel } from '../../commands/kernel.ts';
import { comparePositions, encodePosition, type Position } from '../../infra/event-store/position.ts';
import type { ProjectionStatus, ReadStore } from '../../infra/read-store/read-store.ts';
import type { Telemetry } from '../../infra/telemetry/telemetry.ts';
import type { ErrorForm, Route } from '../http/route.ts';

export interface HealthDoor {
  readonly kernel: Pick<Kernel, 'store' | 'vault' | 'transient' | 'telemetry'>;
  readonly reads: ReadStore;
  /** A background part that ended although it should run; null while all run. */
  readonly stopped: () => string | null;
  /** Parts that may wait without the server being less able to serve: the relay, consumers. */
  readonly followers: () => ReadonlyMap<string, Check>;
}

/** Of one part; a load balancer does not wait longer. */
const ANSWER_MS_MAX = 2_000;

const errors: ErrorForm = {
  respond: ({ status, detail }) => ({ status, body: { status: 'down', detail } }),
};

export function healthRoutes(door: HealthDoor): readonly Route[] {
  const report = reporter(door.kernel.telemetry);
  const shared = { method: 'GET', access: { kind: 'public' }, body: 'none', errors, superOnly: true } as const;
  return [
    {
      ...shared,
      path: '/health/live',
      summary: 'The process answers.',
      handle: () => ({ status: 200, body: { status: 'up' } }),
    },
    {
      ...shared,
      path: '/health/ready',
      summary: 'Log, vault, short-lived state and read models work.',
      handle: async () => {
        const checks = Object.entries(await readiness(door));
        const followers = [...door.followers()];
        report([...checks, ...followers]);
        const ready = checks.every(([, { ok }]) => ok);
        const told = Object.fromEntries([
          ...checks.map(([name, { ok }]) => [name, ok ? 'up' : 'down']),
          ...followers.map(([name, { ok }]) => [name, ok ? 'up' : 'degraded']),
        ]);
        return { status: ready ? 200 : 503, body: { status: ready ? 'up' : 'down', checks: told } };
      },
    },
  ];
}

interface Check {
  readonly ok: boolean;
  readonly detail: string;
}

/** Once per check that goes down, however often it is asked for. */
function reporter({ log }: Pick<Telemetry, 'log'>): (checks: readonly (readonly [string, Check])[]) => void {
  const down = new Set<string>();
  return (checks) => {
    for (const [name, { ok, detail }] of checks) {
      if (ok) down.delete(name);
      if (ok || down.has(name)) continue;
      down.add(name);
      log.error('health.check.down', { check: name, detail, action: 'See what this part says of itself in the log.' });
    }
  };
}

/** Each part is asked for itself, and all at once: one that is away shows as that, and keeps nobody waiting. */
async function readiness({ kernel, reads, stopped }: HealthDoor): Promise<Record<string, Check>> {
  const [log, vault, transient, projections] = await Promise.all([
    answered(() => kernel.store.health()),
    answered(() => kernel.vault.health()),
    answered(() => kernel.transient.health()),
    answered(() => projectionChecks(kernel, reads)),
  ]);
  const part = stopped();
  return {
    log,
    vault,
    transient,
    background: { ok: part === null, detail: part ?? 'all parts run' },
    ...('ok' in projections ? { 'read-models': projections as Check } : projections),
  };
}

/** An outcome that is no answer counts as down. */
async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer | Check> {
  const { promise: late, resolve } = Promise.withResolvers<Check>();
  const detail = `no answer within ${ANSWER_MS_MAX} ms`;
  const timer = setTimeout(() => resolve({ ok: false, detail }), ANSWER_MS_MAX);
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function projectionChecks(
  { store }: Pick<Kernel, 'store'>,
  reads: ReadStore,
): Promise<Readonly<Record<string, Check>>> {
  const statuses = await reads.status();
  // The log speaks for itself; what is not known of it makes no read model level or behind.
  const head = await store.head().catch(() => null);
  return Object.fromEntries(statuses.map((status) => [`projection:${status.name}`, projectionCheck(status, head)]));
}

/** A projection that catches up or rebuilds serves what it has; one that is parked serves what will not get newer. */
function projectionCheck({ state, position, parked, progress }: ProjectionStatus, head: Position | null): Check {
  if (parked !== undefined) {
    return {
      ok: false,
      detail: `parked at ${encodePosition(parked.position)}, event ${parked.eventId} (${parked.eventType})`,
    };
  }
  const level = head === null || (position !== null && comparePositions(position, head) >= 0);
  const done = progress === undefined ? '' : `, ${Math.round(progress * 100)} %`;
  return { ok: true, detail: `${level ? 'level' : 'behind'}, ${state}${done}` };
}

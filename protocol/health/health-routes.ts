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

async function readiness({ kernel, reads, stopped }: HealthDoor): Promise<Record<string, Check>> {
  const head = await kernel.store.head();
  const statuses = await reads.status();
  const part = stopped();
  return {
    log: await kernel.store.health(),
    vault: await kernel.vault.health(),
    transient: await kernel.transient.health(),
    background: { ok: part === null, detail: part ?? 'all parts run' },
    ...Object.fromEntries(statuses.map((status) => [`projection:${status.name}`, projectionCheck(status, head)])),
  };
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

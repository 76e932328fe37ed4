/**
 * How many sign-ins, consents and logouts may be under way. Anybody can begin one, and each takes room on the disk until
 * it ends or its time is over: one address can fill neither the disk nor the share of its organization.
 */
import type { Telemetry } from '../../infra/telemetry/telemetry.ts';

export interface PendingFlowLimits {
  /** Of one address; an office behind one address signs in at the same hour. An IPv6 network of 64 bits counts as one. */
  readonly perAddressMax: number;
  readonly perTenantMax: number;
  readonly allMax: number;
}

export const pendingFlowLimits: PendingFlowLimits = { perAddressMax: 2_000, perTenantMax: 50_000, allMax: 200_000 };

export interface PendingFlow {
  readonly id: string;
  readonly tenant: string;
  readonly ip: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
}

export interface PendingFlows {
  /** False: too many are under way; this one must not begin. */
  begin(flow: PendingFlow, nowMs: number): boolean;
  end(id: string): void;
}

/** Of this process alone, forgotten when it ends: what it began before then is over within a flow's lifetime. */
export function createPendingFlows(
  telemetry: Pick<Telemetry, 'counter'>,
  limits: PendingFlowLimits = pendingFlowLimits,
): PendingFlows {
  const refused = telemetry.counter({
    name: 'muniment_flows_refused_total',
    help: 'Sign-ins, consents and logouts that were not begun as too many were under way.',
    labels: ['limit'],
  });
  /** In order of their beginning, which is that of their end, as all live equally long. */
  const pending = new Map<string, PendingFlow & { readonly beganAtMs: number }>();
  const counts = new Map<string, number>();

  function count(key: string, change: 1 | -1): void {
    const now = (counts.get(key) ?? 0) + change;
    if (now === 0) counts.delete(key);
    else counts.set(key, now);
  }

  function end(id: string): void {
    const flow = pending.get(id);
    if (flow === undefined) return;
    pending.delete(id);
    for (const key of keysOf(flow)) count(key, -1);
  }

  function endExpired(nowMs: number): void {
    for (const { id, expiresAtMs, beganAtMs } of pending.values()) {
      // What begins in the future was begun while the clock was wrong, and would hold its place until then.
      if (expiresAtMs > nowMs && beganAtMs <= nowMs) return;
      end(id);
    }
  }

  function limitReached(address: string, tenant: string): 'address' | 'tenant' | 'all' | null {
    if ((counts.get(address) ?? 0) >= limits.perAddressMax) return 'address';
    if ((counts.get(tenant) ?? 0) >= limits.perTenantMax) return 'tenant';
    return pending.size >= limits.allMax ? 'all' : null;
  }

  return {
    end,
    begin(flow, nowMs) {
      endExpired(nowMs);
      const [address, tenant] = keysOf(flow);
      const limit = limitReached(address, tenant);
      if (limit !== null) {
        refused.add(1, { limit });
        return false;
      }
      pending.set(flow.id, { ...flow, beganAtMs: nowMs });
      count(address, 1);
      count(tenant, 1);
      return true;
    },
  };
}

/** An address counts for every organization together. */
const keysOf = ({ ip, tenant }: PendingFlow): readonly [address: string, tenant: string] => [
  `address|${networkOf(ip)}`,
  `tenant|${tenant}`,
];

/** The first four groups of an IPv6 address, which one customer has to himself; an IPv4 address as it is. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = ip.toLowerCase().split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  if (tail !== undefined) while (groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

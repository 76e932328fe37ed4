/** Leases where there is one process only: each is had at once and never lost. */
import type { Lease, Leases } from './lease.ts';

const never = new AbortController().signal;

export function soleLeases(): Leases {
  const lease = (name: string): Lease => ({
    name,
    token: 1,
    lost: never,
    isHeld: async () => true,
    release: async () => undefined,
  });
  return {
    async acquire(name, signal) {
      signal?.throwIfAborted();
      return lease(name);
    },
    lastToken: async () => null,
    close: async () => undefined,
  };
}

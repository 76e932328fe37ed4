/** Does the vault open, and does it know every person whose data the log holds? */
import type { DomainEvent } from '../domain/event.ts';
import type { Vault } from '../infra/vault/vault.ts';
import type { Findings } from './doctor-findings.ts';

const BATCH = 500;

export interface SubjectsCheck {
  see(event: Pick<DomainEvent, 'meta'>): void;
  finish(): Promise<{ readonly subjects: number; readonly erased: number }>;
}

/** Every subject has a key, or the tombstone of one that was destroyed. */
export function newSubjectsCheck(vault: Vault, findings: Findings): SubjectsCheck {
  const subjects = new Set<string>();
  return {
    see({ meta: { subject } }) {
      if (subject !== undefined) subjects.add(subject);
    },
    async finish() {
      const health = await vault.health();
      if (!health.ok) findings.add('vault', health.detail);
      const all = [...subjects];
      let erased = 0;
      for (let start = 0; start < all.length; start += BATCH) {
        const batch = all.slice(start, start + BATCH);
        const keys = await vault.dataKeys(batch);
        for (const subject of batch) {
          const key = keys.get(subject);
          if (key === undefined) findings.add('vault', `subject ${subject} stands in the log and has no key`);
          if (key === 'destroyed') erased += 1;
        }
      }
      return { subjects: all.length, erased };
    },
  };
}

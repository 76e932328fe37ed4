/** A vault of data keys alone, in memory; a key follows from its subject, so that golden files stay readable. */
import { createHash } from 'node:crypto';
import type { DataKey, Vault } from '../../../infra/vault/vault.ts';

export interface VaultOfKeys extends Pick<Vault, 'dataKeys'> {
  readonly lookUps: () => number;
  destroy(subject: string): void;
}

/** Without a list of subjects every subject has a key. */
export function vaultOfKeys(subjects?: readonly string[]): VaultOfKeys {
  const destroyed = new Set<string>();
  const keys = new Map<string, DataKey>();
  let lookUps = 0;
  const keyOf = (id: string): DataKey => {
    const key = keys.get(id) ?? { id, key: createHash('sha256').update(id).digest() };
    keys.set(id, key);
    return key;
  };
  return {
    lookUps: () => lookUps,
    destroy: (subject) => destroyed.add(subject),
    async dataKeys(asked) {
      lookUps += 1;
      const known = asked.filter((subject) => subjects?.includes(subject) ?? true);
      return new Map(known.map((subject) => [subject, destroyed.has(subject) ? 'destroyed' : keyOf(subject)]));
    },
  };
}

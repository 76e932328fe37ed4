/** Reads of the vault's file on a connection of the calling thread, and the unwrapping of what they find. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Database } from '../../sqlite/database.ts';
import { blindIndexKeyRow, dataKeyRow, GLOBAL_SCOPE, KEY_CHECK_ROW, organizationKeyRow, secretRow } from '../rows.ts';
import type { DataKey, SecretRef } from '../vault.ts';
import { unwrap, unwrapped } from '../wrapping.ts';
import { VAULT_SCHEMA_VERSION } from './vault-schema.ts';

export const CACHED_DATA_KEYS_MAX = 10_000;
export const CACHED_ORGANIZATION_KEYS_MAX = 1_000;
/** How long a node may use a key without asking the file again (erasure on another node). */
export const CACHED_KEY_MS_MAX = 60_000;
const CLOCK_RESOLUTION_MS = 1_000;

export class VaultReader {
  readonly #database: Database;
  readonly #deploymentKey: KeyObject;
  readonly #organizationKeys = new LRUCache<string, KeyObject>({ max: CACHED_ORGANIZATION_KEYS_MAX });
  readonly #blindIndexKeys = new LRUCache<string, KeyObject>({ max: CACHED_ORGANIZATION_KEYS_MAX });
  readonly #dataKeys = new LRUCache<string, DataKey | 'destroyed'>({
    max: CACHED_DATA_KEYS_MAX,
    ttl: CACHED_KEY_MS_MAX,
    ttlResolution: CLOCK_RESOLUTION_MS,
  });
  #dataVersion = -1;
  #destroyed = -1;

  constructor(database: Database, deploymentKey: KeyObject) {
    this.#database = database;
    this.#deploymentKey = deploymentKey;
  }

  /** Undefined: the vault is new and has no check yet. */
  opensWith(key: KeyObject): boolean | undefined {
    const check = this.#state('key-check');
    return check instanceof Uint8Array ? unwrapped(key, KEY_CHECK_ROW, check) !== null : undefined;
  }

  schemaIsKnown(): boolean {
    return this.#state('schema') === VAULT_SCHEMA_VERSION;
  }

  /** Undefined: never made. */
  dataKey(subject: string): DataKey | 'destroyed' | undefined {
    const known = this.#dataKeys.get(subject);
    if (known !== undefined) return known;
    const row = this.#database.statement('SELECT org, wrapped FROM data_keys WHERE subject = ?').get(subject);
    if (row === undefined) return undefined;
    const found =
      row.wrapped === null ? 'destroyed' : this.#openDataKey(subject, String(row.org), row.wrapped as Uint8Array);
    this.#dataKeys.set(subject, found);
    return found;
  }

  forget(subject: string): void {
    this.#dataKeys.delete(subject);
  }

  /**
   * For a reader that is not told of erasures. The file's data version changes with each commit of another
   * connection, in this process or another, and asking costs no page read; only then the count of erasures is looked at.
   */
  forgetDestroyed(): void {
    const version = Number(this.#database.statement('PRAGMA data_version').get()?.data_version);
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    const destroyed = Number(this.#state('destroyed') ?? 0);
    if (destroyed === this.#destroyed) return;
    this.#destroyed = destroyed;
    this.#dataKeys.clear();
  }

  organizationKey(org: string): KeyObject | null {
    return this.#cachedKey(this.#organizationKeys, org, () => {
      const row = this.#database.statement('SELECT wrapped FROM organization_keys WHERE org = ?').get(org);
      return row && unwrap(this.#deploymentKey, organizationKeyRow(org), row.wrapped as Uint8Array);
    });
  }

  blindIndexKey(scope: string): KeyObject | null {
    return this.#cachedKey(this.#blindIndexKeys, scope, () => {
      const row = this.#database.statement('SELECT wrapped FROM blind_index_keys WHERE scope = ?').get(scope);
      return row && unwrap(this.wrappingKeyOf(scope), blindIndexKeyRow(scope), row.wrapped as Uint8Array);
    });
  }

  /** What wraps a scope's blind-index key. */
  wrappingKeyOf(scope: string): KeyObject {
    return scope === GLOBAL_SCOPE ? this.#deploymentKey : this.#existingOrganizationKey(scope);
  }

  secret(ref: SecretRef): Buffer | null {
    const row = this.#database
      .statement('SELECT org, sealed FROM secrets WHERE owner = ? AND kind = ? AND id = ?')
      .get(ref.owner, ref.kind, ref.id);
    if (row === undefined) return null;
    const org = String(row.org);
    return unwrap(this.#existingOrganizationKey(org), secretRow(ref, org), row.sealed as Uint8Array);
  }

  organizationCount(): number {
    return Number(this.#database.statement('SELECT count(*) AS count FROM organization_keys').get()?.count);
  }

  close(): void {
    this.#dataKeys.clear();
    this.#organizationKeys.clear();
    this.#blindIndexKeys.clear();
    this.#database.close();
  }

  #openDataKey(subject: string, org: string, wrapped: Uint8Array): DataKey {
    return { id: subject, key: unwrap(this.#existingOrganizationKey(org), dataKeyRow(subject, org), wrapped) };
  }

  #existingOrganizationKey(org: string): KeyObject {
    const key = this.organizationKey(org);
    if (key === null) throw new Error(`the vault has no key of organization ${org}, under which it wrapped others`);
    return key;
  }

  #cachedKey(cache: LRUCache<string, KeyObject>, name: string, read: () => Buffer | undefined): KeyObject | null {
    const known = cache.get(name);
    if (known !== undefined) return known;
    const found = read();
    if (found === undefined) return null;
    const key = createSecretKey(found);
    cache.set(name, key);
    return key;
  }

  #state(name: string): unknown {
    return this.#database.statement('SELECT value FROM vault_state WHERE name = ?').get(name)?.value;
  }
}

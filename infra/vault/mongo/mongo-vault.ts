/**
 * The vault in MongoDB, for any number of nodes at once.
 *
 * Every change is one write to one document, on the disks of most nodes of the set when it resolves. A person's data key
 * is asked for each time it is used, so that no node uses one that another destroyed. The server's own logs hold the
 * wrapped bytes of a destroyed key until they are overwritten, and so do its backups.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Collection } from 'mongodb';
import { connectMongo, type MongoConnection, type MongoPlace, mongoHealth } from '../../mongo/connection.ts';
import { SecretExists, SubjectDestroyed } from '../errors.ts';
import { blindIndexKeyRow, dataKeyRow, GLOBAL_SCOPE, KEY_CHECK_ROW, organizationKeyRow, secretRow } from '../rows.ts';
import type { DataKey, SecretRef, Vault } from '../vault.ts';
import { unwrap, unwrapped, wrap } from '../wrapping.ts';
import {
  isUpserted,
  type OwnerDocument,
  VAULT_SCHEMA_VERSION,
  type VaultCollections,
  vaultCollections,
  type WrappedDocument,
} from './collections.ts';

const KEY_BYTES = 32;
export const CACHED_ORGANIZATION_KEYS_MAX = 1_000;
/** Writers that met each other at one owner this often: a fault. */
const PUT_ATTEMPTS_MAX = 10;

export interface MongoVaultOptions extends MongoPlace {
  /** 32 bytes; see `loadOrCreateDeploymentKey`. The same on every node. */
  readonly deploymentKey: Buffer;
  /** A `reader` refuses to write. Default: `writer`. */
  readonly mode?: 'writer' | 'reader';
}

/** Throws when the vault was made with another deployment key. */
export async function openMongoVault(options: MongoVaultOptions): Promise<Vault> {
  const { deploymentKey, mode = 'writer', database } = options;
  if (deploymentKey.length !== KEY_BYTES) throw new RangeError('a deployment key has 32 bytes');
  const connection = await connectMongo(options);
  try {
    const key = createSecretKey(deploymentKey);
    const collections = vaultCollections(connection.db);
    if (mode === 'writer') await begin(collections, key);
    await checkOpens(collections, { key, database });
    return new MongoVault({ connection, collections, deploymentKey: key, isReader: mode === 'reader' });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Leaves what is there as it is. */
async function begin({ state }: VaultCollections, key: KeyObject): Promise<void> {
  const check = wrap(key, KEY_CHECK_ROW, Buffer.from('muniment'));
  for (const [name, value] of [['key-check', check] as const, ['schema', VAULT_SCHEMA_VERSION] as const]) {
    await isUpserted(state.updateOne({ _id: name }, { $setOnInsert: { value } }, { upsert: true }));
  }
}

async function checkOpens(
  { state }: VaultCollections,
  { key, database }: { readonly key: KeyObject; readonly database: string },
): Promise<void> {
  if ((await state.findOne({ _id: 'schema' }))?.value !== VAULT_SCHEMA_VERSION) {
    throw new Error(`the vault in database ${database} is not there, or of another version of the server`);
  }
  if (!(await opensWith(state, key))) {
    throw new Error(`the vault in database ${database} was made with another deployment key: restore its key file`);
  }
}

async function opensWith(state: VaultCollections['state'], key: KeyObject): Promise<boolean> {
  const check = (await state.findOne({ _id: 'key-check' }))?.value;
  return Buffer.isBuffer(check) && unwrapped(key, KEY_CHECK_ROW, check) !== null;
}

interface VaultParts {
  readonly connection: MongoConnection;
  readonly collections: VaultCollections;
  readonly deploymentKey: KeyObject;
  readonly isReader: boolean;
}

class MongoVault implements Vault {
  readonly #parts: VaultParts;
  readonly #collections: VaultCollections;
  readonly #organizationKeys = new LRUCache<string, KeyObject>({ max: CACHED_ORGANIZATION_KEYS_MAX });
  readonly #blindIndexKeys = new LRUCache<string, KeyObject>({ max: CACHED_ORGANIZATION_KEYS_MAX });

  constructor(parts: VaultParts) {
    this.#parts = parts;
    this.#collections = parts.collections;
  }

  async createDataKey(subject: string, org: string): Promise<DataKey> {
    this.#assertWriter();
    const known = (await this.dataKeys([subject])).get(subject) ?? (await this.#newDataKey(subject, org));
    if (known === 'destroyed') throw new SubjectDestroyed(subject);
    return known;
  }

  async dataKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey | 'destroyed'>> {
    const found = new Map<string, DataKey | 'destroyed'>();
    const asked = [...new Set(subjects)];
    const fields = { destroyed: 1, org: 1, wrapped: 1 };
    const owners = await this.#collections.owners.find({ _id: { $in: asked } }, { projection: fields }).toArray();
    for (const owner of owners) {
      const key = await this.#opened(owner);
      if (key !== null) found.set(owner._id, key);
    }
    return found;
  }

  async destroySubject(subject: string): Promise<void> {
    this.#assertWriter();
    const change = { $set: { destroyed: true as const }, $unset: { org: '', wrapped: '', secrets: '' } as const };
    // Also for a subject that never had a key here: a restored backup may lack it, and must not get one.
    while (!(await isUpserted(this.#collections.owners.updateOne({ _id: subject }, change, { upsert: true }))));
  }

  async blindIndex(scope: string, value: string): Promise<Buffer> {
    const key = this.#blindIndexKeys.get(scope) ?? (await this.#blindIndexKey(scope));
    return createHmac('sha256', key).update(value).digest();
  }

  async putSecret(ref: SecretRef, org: string, secret: Buffer): Promise<void> {
    this.#assertWriter();
    const { owner, kind, id } = ref;
    const sealed = wrap(await this.#organizationKey(org), secretRow(ref, org), secret);
    const free = { destroyed: { $exists: false }, secrets: { $not: { $elemMatch: { kind, id } } } };
    const push = { $push: { secrets: { kind, id, org, sealed } } };
    for (let attempt = 0; attempt < PUT_ATTEMPTS_MAX; attempt += 1) {
      const write = this.#collections.owners.updateOne({ _id: owner, ...free }, push, { upsert: true });
      if (await isUpserted(write)) return;
      const found = await this.#collections.owners.findOne({ _id: owner });
      if (found?.destroyed) throw new SubjectDestroyed(owner);
      if (secretIn(found, ref) !== null) throw new SecretExists(ref);
    }
    throw new Error(`a ${kind} of ${owner} met other writers too often`);
  }

  async secret(ref: SecretRef): Promise<Buffer | null> {
    const found = await this.#collections.owners.findOne({ _id: ref.owner }, { projection: { secrets: 1 } });
    const secret = secretIn(found, ref);
    if (secret === null) return null;
    return unwrap(await this.#existingOrganizationKey(secret.org), secretRow(ref, secret.org), secret.sealed);
  }

  async removeSecret({ owner, kind, id }: SecretRef): Promise<void> {
    this.#assertWriter();
    await this.#collections.owners.updateOne({ _id: owner }, { $pull: { secrets: { kind, id } } });
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    const server = await mongoHealth(this.#parts.connection.db);
    if (!server.ok) return server;
    if (!(await opensWith(this.#collections.state, this.#parts.deploymentKey))) {
      return { ok: false, detail: 'the vault does not open with the deployment key' };
    }
    return { ok: true, detail: `keys of ${await this.#collections.organizationKeys.countDocuments()} organizations` };
  }

  async close(): Promise<void> {
    this.#organizationKeys.clear();
    this.#blindIndexKeys.clear();
    await this.#parts.connection.close();
  }

  async #newDataKey(subject: string, org: string): Promise<DataKey | 'destroyed'> {
    const wrapped = wrap(await this.#organizationKey(org), dataKeyRow(subject, org), randomBytes(KEY_BYTES));
    const none = { wrapped: { $exists: false }, destroyed: { $exists: false } };
    await isUpserted(
      this.#collections.owners.updateOne({ _id: subject, ...none }, { $set: { org, wrapped } }, { upsert: true }),
    );
    // What the server holds counts: two may have made a key at once, or the subject was destroyed meanwhile.
    const kept = (await this.dataKeys([subject])).get(subject);
    if (kept === undefined) throw new Error(`the data key of subject ${subject} was written and is not there`);
    return kept;
  }

  async #opened({ _id, destroyed, org, wrapped }: OwnerDocument): Promise<DataKey | 'destroyed' | null> {
    if (destroyed) return 'destroyed';
    if (org === undefined || wrapped === undefined) return null;
    return { id: _id, key: unwrap(await this.#existingOrganizationKey(org), dataKeyRow(_id, org), wrapped) };
  }

  async #organizationKey(org: string): Promise<KeyObject> {
    const known = this.#organizationKeys.get(org);
    if (known !== undefined) return known;
    const { organizationKeys } = this.#collections;
    const fresh = () => wrap(this.#parts.deploymentKey, organizationKeyRow(org), randomBytes(KEY_BYTES));
    return this.#openedOrganizationKey(await this.#keptOrMade(organizationKeys, org, fresh));
  }

  async #existingOrganizationKey(org: string): Promise<KeyObject> {
    const known = this.#organizationKeys.get(org);
    if (known !== undefined) return known;
    const found = await this.#collections.organizationKeys.findOne({ _id: org });
    if (found === null) throw new Error(`the vault has no key of organization ${org}, under which it wrapped others`);
    return this.#openedOrganizationKey(found);
  }

  #openedOrganizationKey({ _id, wrapped }: WrappedDocument): KeyObject {
    const key = createSecretKey(unwrap(this.#parts.deploymentKey, organizationKeyRow(_id), wrapped));
    this.#organizationKeys.set(_id, key);
    return key;
  }

  async #blindIndexKey(scope: string): Promise<KeyObject> {
    const wrapping = scope === GLOBAL_SCOPE ? this.#parts.deploymentKey : await this.#organizationKey(scope);
    const fresh = () => wrap(wrapping, blindIndexKeyRow(scope), randomBytes(KEY_BYTES));
    const kept = await this.#keptOrMade(this.#collections.blindIndexKeys, scope, fresh);
    const key = createSecretKey(unwrap(wrapping, blindIndexKeyRow(scope), kept.wrapped));
    this.#blindIndexKeys.set(scope, key);
    return key;
  }

  /** One key per name, whoever makes it first. */
  async #keptOrMade(keys: Collection<WrappedDocument>, name: string, fresh: () => Buffer): Promise<WrappedDocument> {
    const found = await keys.findOne({ _id: name });
    if (found !== null) return found;
    this.#assertWriter();
    await isUpserted(keys.updateOne({ _id: name }, { $setOnInsert: { wrapped: fresh() } }, { upsert: true }));
    const kept = await keys.findOne({ _id: name });
    if (kept === null) throw new Error(`a key of ${name} was written to the vault and is not there`);
    return kept;
  }

  #assertWriter(): void {
    if (this.#parts.isReader) throw new Error('a vault opened as reader changes nothing');
  }
}

function secretIn(owner: Pick<OwnerDocument, 'secrets'> | null, { kind, id }: SecretRef) {
  return owner?.secrets?.find((secret) => secret.kind === kind && secret.id === id) ?? null;
}

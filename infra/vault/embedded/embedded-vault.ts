/** The vault in one SQLite file: reads on the calling thread, writes through one writer thread that shares its fsyncs. */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openDatabase } from '../../sqlite/database.ts';
import { type GroupCommitWriter, JobRefused, startGroupCommitWriter } from '../../sqlite/group-commit.ts';
import { SecretExists, SubjectDestroyed } from '../errors.ts';
import { blindIndexKeyRow, dataKeyRow, GLOBAL_SCOPE, KEY_CHECK_ROW, organizationKeyRow, secretRow } from '../rows.ts';
import type { DataKey, SecretRef, Vault } from '../vault.ts';
import { wrap } from '../wrapping.ts';
import { DEPLOYMENT_KEY_BYTES } from './deployment-key.ts';
import type { VaultJob, VaultRefusal } from './vault-handler.ts';
import { VaultReader } from './vault-reader.ts';
import { VAULT_FILE } from './vault-schema.ts';
import type { VaultWriterOptions } from './vault-writer.ts';

const KEY_BYTES = 32;
const READER_CACHE_KIB = 2_048;

export interface EmbeddedVaultOptions {
  readonly directory: string;
  /** 32 bytes; see `loadOrCreateDeploymentKey`. */
  readonly deploymentKey: Buffer;
  /** One `writer` per file. A `reader` (projector thread, command line) refuses to write and sees each erasure at once. */
  readonly mode: 'writer' | 'reader';
  /** Of a `writer`. Default: a thread of its own. */
  readonly writer?: VaultWriter;
}

export type VaultWriter = Pick<GroupCommitWriter<VaultJob, null, unknown>, 'submit' | 'stopped' | 'close'>;

/** Throws when the vault was made with another deployment key. */
export async function openEmbeddedVault(options: EmbeddedVaultOptions): Promise<Vault> {
  const { directory, deploymentKey, mode } = options;
  if (deploymentKey.length !== DEPLOYMENT_KEY_BYTES) throw new RangeError('a deployment key has 32 bytes');
  const file = join(directory, VAULT_FILE);
  const writer = mode === 'writer' ? (options.writer ?? (await startWriter(file))) : null;
  try {
    const key = createSecretKey(deploymentKey);
    const reader = new VaultReader(openDatabase({ file, readOnly: true, cacheKib: READER_CACHE_KIB }), key);
    await checkOpens(reader, writer, { key, file });
    return new EmbeddedVault(reader, writer, key);
  } catch (error) {
    await writer?.close();
    throw error;
  }
}

const startWriter = (file: string): Promise<VaultWriter> =>
  startGroupCommitWriter<VaultJob, null, VaultWriterOptions>({
    entry: new URL('./vault-writer.ts', import.meta.url),
    options: { file },
  });

async function checkOpens(
  reader: VaultReader,
  writer: VaultWriter | null,
  { key, file }: { readonly key: KeyObject; readonly file: string },
): Promise<void> {
  const isNew = reader.opensWith(key) === undefined;
  if (isNew) await writer?.submit({ op: 'keep-key-check', wrapped: wrap(key, KEY_CHECK_ROW, Buffer.from('muniment')) });
  const fault = !reader.schemaIsKnown()
    ? `the vault ${file} was made by another version of the server`
    : reader.opensWith(key) !== true &&
      `the vault ${file} was made with another deployment key: restore the key file it was made with`;
  if (fault === false) return;
  reader.close();
  throw new Error(fault);
}

class EmbeddedVault implements Vault {
  readonly #reader: VaultReader;
  readonly #writer: VaultWriter | null;
  readonly #deploymentKey: KeyObject;

  constructor(reader: VaultReader, writer: VaultWriter | null, deploymentKey: KeyObject) {
    this.#reader = reader;
    this.#writer = writer;
    this.#deploymentKey = deploymentKey;
  }

  async createDataKey(subject: string, org: string): Promise<DataKey> {
    const known = this.#reader.dataKey(subject);
    if (known === 'destroyed') throw new SubjectDestroyed(subject);
    if (known !== undefined) return known;

    const wrapped = wrap(await this.#organizationKey(org), dataKeyRow(subject, org), randomBytes(KEY_BYTES));
    await this.#submit({ op: 'create-data-key', subject, org, wrapped });
    // What the file holds counts: two may have made a key at once, or the subject was destroyed meanwhile.
    const kept = this.#reader.dataKey(subject);
    if (kept === 'destroyed') throw new SubjectDestroyed(subject);
    if (kept === undefined) throw new Error(`the data key of subject ${subject} was committed and is not there`);
    return kept;
  }

  async dataKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey | 'destroyed'>> {
    if (this.#writer === null) this.#reader.forgetDestroyed();
    const found = new Map<string, DataKey | 'destroyed'>();
    for (const subject of subjects) {
      const key = this.#reader.dataKey(subject);
      if (key !== undefined) found.set(subject, key);
    }
    return found;
  }

  async destroySubject(subject: string): Promise<void> {
    const destroyed = this.#submit({ op: 'destroy-subject', subject });
    const emptied = this.#submit({ op: 'checkpoint' });
    const outcomes = await Promise.allSettled([destroyed, emptied]);
    // Also when a step failed: what the file holds decides, and it is asked again.
    this.#reader.forget(subject);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async blindIndex(scope: string, value: string): Promise<Buffer> {
    const key = this.#reader.blindIndexKey(scope) ?? (await this.#newBlindIndexKey(scope));
    return createHmac('sha256', key).update(value).digest();
  }

  async putSecret(ref: SecretRef, org: string, secret: Buffer): Promise<void> {
    const sealed = wrap(await this.#organizationKey(org), secretRow(ref, org), secret);
    try {
      await this.#submit({ op: 'put-secret', ref, org, sealed });
    } catch (error) {
      throw error instanceof JobRefused ? refusalOf(error.refusal as VaultRefusal, ref) : error;
    }
  }

  async secret(ref: SecretRef): Promise<Buffer | null> {
    return this.#reader.secret(ref);
  }

  async removeSecret(ref: SecretRef): Promise<void> {
    await this.#submit({ op: 'remove-secret', ref });
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    const stopped = this.#writer?.stopped() ?? null;
    if (stopped !== null) return { ok: false, detail: stopped };
    if (this.#reader.opensWith(this.#deploymentKey) !== true) {
      return { ok: false, detail: 'the vault does not open with the deployment key' };
    }
    return { ok: true, detail: `keys of ${this.#reader.organizationCount()} organizations` };
  }

  async close(): Promise<void> {
    this.#reader.close();
    await this.#writer?.close();
  }

  async #organizationKey(org: string): Promise<KeyObject> {
    const known = this.#reader.organizationKey(org);
    if (known !== null) return known;
    const wrapped = wrap(this.#deploymentKey, organizationKeyRow(org), randomBytes(KEY_BYTES));
    await this.#submit({ op: 'keep-organization-key', org, wrapped });
    return present(this.#reader.organizationKey(org), `key of organization ${org}`);
  }

  async #newBlindIndexKey(scope: string): Promise<KeyObject> {
    if (scope !== GLOBAL_SCOPE) await this.#organizationKey(scope);
    const wrapped = wrap(this.#reader.wrappingKeyOf(scope), blindIndexKeyRow(scope), randomBytes(KEY_BYTES));
    await this.#submit({ op: 'keep-blind-index-key', scope, wrapped });
    return present(this.#reader.blindIndexKey(scope), `blind-index key of ${scope}`);
  }

  #submit(job: VaultJob): Promise<null> {
    if (this.#writer === null) return Promise.reject(new Error('a vault opened as reader writes nothing'));
    return this.#writer.submit(job);
  }
}

function present(key: KeyObject | null, what: string): KeyObject {
  if (key === null) throw new Error(`the ${what} was committed and is not there`);
  return key;
}

function refusalOf(refusal: VaultRefusal, ref: SecretRef): Error {
  switch (refusal) {
    case 'secret-exists':
      return new SecretExists(ref);
    case 'subject-destroyed':
      return new SubjectDestroyed(ref.owner);
    default:
      return refusal satisfies never;
  }
}

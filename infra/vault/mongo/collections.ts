/** The vault's collections. Nothing in them is readable without the deployment key, which is elsewhere. */
import type { Collection, Db } from 'mongodb';
import { isDuplicateKey } from '../../mongo/connection.ts';
import type { SecretRef } from '../vault.ts';

export const VAULT_SCHEMA_VERSION = 1;

export interface WrappedDocument {
  readonly _id: string;
  readonly wrapped: Buffer;
}

export interface SealedSecret {
  readonly kind: SecretRef['kind'];
  readonly id: string;
  readonly org: string;
  readonly sealed: Buffer;
}

/**
 * Everything of one owner in one document, so that its erasure is one write. The document of an erased subject stays:
 * no key is ever made again under an id whose events are meant to be unreadable.
 */
export interface OwnerDocument {
  readonly _id: string;
  readonly destroyed?: true;
  readonly org?: string;
  readonly wrapped?: Buffer;
  readonly secrets?: readonly SealedSecret[];
}

export interface VaultCollections {
  readonly state: Collection<{ readonly _id: string; readonly value: Buffer | number }>;
  readonly organizationKeys: Collection<WrappedDocument>;
  readonly blindIndexKeys: Collection<WrappedDocument>;
  readonly owners: Collection<OwnerDocument>;
}

export function vaultCollections(db: Db): VaultCollections {
  const options = { promoteBuffers: true };
  return {
    state: db.collection('vault_state', options),
    organizationKeys: db.collection('vault_organization_keys', options),
    blindIndexKeys: db.collection('vault_blind_index_keys', options),
    owners: db.collection('vault_owners', options),
  };
}

/** False: what the filter does not let through was there, perhaps only since a moment. */
export async function isUpserted(write: Promise<{ matchedCount: number; upsertedCount: number }>): Promise<boolean> {
  try {
    const { matchedCount, upsertedCount } = await write;
    return matchedCount + upsertedCount > 0;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

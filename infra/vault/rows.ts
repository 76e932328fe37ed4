/** Names of what the vault wraps, as wrapping binds them: no wrapped key opens in the place of another. */
import type { SecretRef } from './vault.ts';

export const GLOBAL_SCOPE = 'global';

export const KEY_CHECK_ROW = 'vault_state|key-check';
export const organizationKeyRow = (org: string): string => `organization_keys|${org}`;
export const blindIndexKeyRow = (scope: string): string => `blind_index_keys|${scope}`;
export const dataKeyRow = (subject: string, org: string): string => `data_keys|${subject}|${org}`;
export const secretRow = ({ owner, kind, id }: SecretRef, org: string): string =>
  `secrets|${owner}|${kind}|${id}|${org}`;

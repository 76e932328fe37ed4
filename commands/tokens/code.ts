/** Authorization codes: issued by an admission, redeemed once (RFC 6749 §4.1.2, RFC 7636). */
import { createHash, randomBytes } from 'node:crypto';
import type { AppId, TenantId, UserId } from '../../domain/ids.ts';
import type { TransientKey, TransientOp } from '../../infra/transient-store/transient-store.ts';
import type { Admission } from '../admission.ts';
import type { Kernel } from '../kernel.ts';

export const CODE_LIFETIME_MS = 300_000;
/** How long an unused code is still known, so that it is told to be expired and not unknown. */
export const EXPIRED_CODE_KEPT_MS = 10 * 60_000;
/** How long a used code is remembered, so that its second use still ends what the first one got. */
export const USED_CODE_KEPT_MS = 24 * 3_600_000;
const CODE_BYTES = 32;

/** A type, not an interface: JSON values need an index signature. */
export type Code = {
  readonly application: string;
  readonly user: string;
  readonly session: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly challengeMethod: 'S256' | 'plain' | null;
  readonly authenticatedAtMs: number;
  readonly amr: readonly string[];
  readonly standing: { readonly [stream: string]: string };
  readonly issuedAtMs: number;
  /** The grant that it was redeemed for; the code is dead. */
  readonly usedFor: string | null;
};

export interface CodeRequest {
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly challengeMethod: 'S256' | 'plain' | null;
  readonly authenticatedAtMs: number;
  readonly amr: readonly string[];
}

/** Stored under its hash. */
const codeKey = (tenant: TenantId, code: string): TransientKey => ({
  type: 'code',
  tenant,
  id: createHash('sha256').update(code).digest('base64url'),
});

export async function issueCode(
  kernel: Kernel,
  admission: Admission & { readonly user: UserId; readonly application: AppId; readonly session: string },
  request: CodeRequest,
): Promise<string> {
  const { tenant, user, application, session, standing, atMs } = admission;
  const code = randomBytes(CODE_BYTES).toString('base64url');
  const value: Code = {
    ...request,
    application,
    user,
    session,
    standing: { ...standing },
    issuedAtMs: atMs,
    usedFor: null,
  };
  const expiresAtMs = atMs + CODE_LIFETIME_MS + EXPIRED_CODE_KEPT_MS;
  const put = { op: 'put', key: codeKey(tenant, code), value, expiresAtMs, expect: 'absent' } as const;
  // A code that a power cut takes away was never used: the browser asks for another.
  await kernel.transient.commit([put], { survives: 'crash' });
  return code;
}

export interface FoundCode {
  readonly key: TransientKey;
  readonly version: number;
  readonly value: Code;
  readonly expiresAtMs: number;
}

export async function findCode(kernel: Kernel, tenant: TenantId, code: string): Promise<FoundCode | null> {
  const key = codeKey(tenant, code);
  const entry = await kernel.transient.get<Code>(key);
  return entry === null ? null : { key, ...entry };
}

/** Marks the code used for a grant: whoever commits this first has the code. */
export const useCodeOp = (code: FoundCode, grant: string): TransientOp => ({
  op: 'put',
  key: code.key,
  value: { ...code.value, usedFor: grant },
  expiresAtMs: code.value.issuedAtMs + CODE_LIFETIME_MS + USED_CODE_KEPT_MS,
  expect: code.version,
});

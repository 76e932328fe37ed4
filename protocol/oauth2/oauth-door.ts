/** What the OAuth 2 and OpenID Connect endpoints stand on. */
import type { ClientDirectory } from '../../commands/applications/client-directory.ts';
import type { EffectiveAccess } from '../../commands/effective-access.ts';
import type { Kernel } from '../../commands/kernel.ts';
import type { RequestTrace } from '../../commands/technical-stream.ts';
import type { JwtSigner } from '../../commands/tokens/jwt.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Authenticator } from '../http/authenticate.ts';
import type { Request } from '../http/route.ts';
import type { KnownOrigin } from './cross-origin.ts';
import type { PendingFlows } from './pending-flows.ts';

export interface OauthDoor {
  readonly kernel: Kernel;
  readonly signer: JwtSigner;
  readonly clients: ClientDirectory;
  readonly access: EffectiveAccess;
  /** Users and token holders who introspect by their own right. */
  readonly authenticator: Authenticator;
  /** Tells a failed login why (wrong name, wrong password, locked, disabled). Off: every failure looks the same. */
  readonly showAuthFailureReason: boolean;
  /** Lets browsers ask before a request that carries a header of its own. Absent: they are not answered. */
  readonly knownOrigin?: KnownOrigin;
  readonly pendingFlows: PendingFlows;
}

export const traceOf = (request: Request): RequestTrace => ({
  correlationId: request.correlationId,
  traceId: request.traceId,
  source: { ip: request.ip, userAgent: request.headers['user-agent'] ?? null },
});

export const applicationIdOf = (door: Pick<OauthDoor, 'clients'>) => async (tenant: TenantId, clientId: string) =>
  (await door.clients.find(tenant, clientId))?.id ?? null;

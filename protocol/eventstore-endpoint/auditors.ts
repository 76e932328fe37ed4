/** Who may read the log: users of the super organization whose roles hold the permission, by name and password. */

import { permissionsOf } from '../../commands/access.ts';
import { admit } from '../../commands/admit.ts';
import type { EffectiveAccess } from '../../commands/effective-access.ts';
import type { Kernel } from '../../commands/kernel.ts';
import { may } from '../../commands/permissions.ts';
import { READ_LOG_PERMISSION } from '../../domain/applications/api-resources.ts';
import type { UserId } from '../../domain/ids.ts';
import { users } from '../../domain/users/user.ts';
import { HashQueueFull } from '../../infra/password-hash/password-hasher.ts';
import { ReadModelBehind } from '../../read-api/min-position.ts';
import type { Authenticator } from '../http/authenticate.ts';
import type { Tenant } from '../http/tenant.ts';
import type { Authorize, EndpointCaller, Grant } from './authorize.ts';
import { accessDenied, serverBusy } from './wire-error.ts';

export interface AuditorParts {
  readonly kernel: Kernel;
  readonly authenticator: Authenticator;
  readonly access: EffectiveAccess;
  readonly tenant: Tenant;
  readonly permission?: string;
}

/** Failed attempts are recorded and take as long as at every other door; the newest state of the user counts. */
export function auditorsOnly(parts: AuditorParts): Authorize {
  const { kernel, authenticator, access, tenant, permission = READ_LOG_PERMISSION } = parts;
  return async (caller: EndpointCaller): Promise<Grant | null> => {
    const authenticated = await busyWhenFull(() =>
      authenticator.authenticate({
        tenant,
        authorization: `Basic ${Buffer.from(`${caller.user}:${caller.password}`).toString('base64')}`,
        trace: { correlationId: kernel.uuid(), source: { ip: caller.address, userAgent: null } },
      }),
    );
    if (authenticated === null) return null;
    if (!may(authenticated, [permission])) throw accessDenied();
    const user = authenticated.id as UserId;
    const admitted = await admit(kernel, { tenant: tenant.id, user });
    if (!admitted.ok) return null;
    const { standing } = admitted.value;
    return {
      role: 'reader',
      async holds() {
        if (!(await admit(kernel, { tenant: tenant.id, user, since: standing })).ok) return false;
        const { state } = await kernel.aggregates.load(users, user);
        const holder = { id: user, tenant: state.tenant, org: state.org };
        const permissions = await busyWhenFull(() => permissionsOf(access, holder));
        return may({ ...authenticated, permissions }, [permission]);
      },
    };
  };
}

async function busyWhenFull<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HashQueueFull || error instanceof ReadModelBehind) throw serverBusy();
    throw error;
  }
}

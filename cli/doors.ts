/** Every door of the server, wired to commands and read models. */
import { type ClientDirectory, createClientDirectory } from '../commands/applications/client-directory.ts';
import type { Kernel } from '../commands/kernel.ts';
import { createTenantDirectory, type TenantDirectory } from '../commands/organizations/tenant-directory.ts';
import { everyoneRoleId } from '../commands/roles/everyone.ts';
import { createJwtSigner } from '../commands/tokens/jwt.ts';
import { SUPER_ORG_ID } from '../domain/ids.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import { healthRoutes } from '../protocol/health/health-routes.ts';
import { createAuthenticator } from '../protocol/http/authenticate.ts';
import type { Route } from '../protocol/http/route.ts';
import type { Tenants } from '../protocol/http/serve.ts';
import type { Tenant } from '../protocol/http/tenant.ts';
import { nativeRoutes } from '../protocol/native/routes.ts';
import { oauthRoutes } from '../protocol/oauth2/routes.ts';
import { restRoutes } from '../protocol/rest/routes.ts';
import { scimRoutes } from '../protocol/scim/routes.ts';
import { isAllowedOrigin } from '../read-api/applications.ts';
import { createEffectiveAccess } from '../read-api/effective-access.ts';

export interface DoorsOptions {
  readonly kernel: Kernel;
  readonly reads: ReadStore;
  /** Public origin, no trailing slash; may be completed until the first request comes. */
  readonly address: { readonly url: string };
  readonly superTenant: string;
  readonly showLoginFailureReason: boolean;
  /** A background part that ended although it should run; null while all run. */
  readonly stopped: () => string | null;
}

export interface Doors {
  readonly routes: readonly Route[];
  readonly tenants: Tenants;
  readonly authenticator: ReturnType<typeof createAuthenticator>;
  readonly clients: ClientDirectory;
}

export function openDoors(options: DoorsOptions): Doors {
  const { kernel, reads, address, superTenant, stopped } = options;
  const signer = createJwtSigner(kernel);
  const clients = createClientDirectory(kernel);
  const access = createEffectiveAccess({ store: kernel.store, reads, everyoneRole: everyoneRoleId });
  const authenticator = createAuthenticator({ kernel, signer, clients, access });
  const tenantDirectory = createTenantDirectory(kernel);
  const routes: readonly Route[] = [
    ...scimRoutes({ kernel, readStore: reads }),
    ...nativeRoutes({ kernel, readStore: reads, authenticator, routes: () => routes }),
    ...oauthRoutes({
      kernel,
      signer,
      clients,
      access,
      authenticator,
      showAuthFailureReason: options.showLoginFailureReason,
      knownOrigin: (tenant, origin) => isAllowedOrigin(reads, tenant, origin),
    }),
    ...restRoutes({ kernel, readStore: reads }),
    ...healthRoutes({ kernel, reads, stopped }),
  ];
  return {
    routes,
    tenants: tenantsAt(address, superTenant, tenantDirectory),
    authenticator,
    clients,
  };
}

/** Addresses come from the configuration, never from a request. */
function tenantsAt(address: { readonly url: string }, superDomain: string, directory: TenantDirectory): Tenants {
  const superTenant: Tenant = {
    id: SUPER_ORG_ID,
    domain: superDomain,
    isSuper: true,
    get baseUrl() {
      return address.url;
    },
  };
  return {
    superTenant,
    async byDomain(domain) {
      if (domain === superDomain) return superTenant;
      const found = await directory.find(domain);
      return found === null ? null : { id: found.id, domain, isSuper: false, baseUrl: `${address.url}/t/${domain}` };
    },
  };
}

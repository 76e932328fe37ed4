/** The door for auditors: the embedded log, to be read with any client of EventStoreDB. */
import { createClientDirectory } from '../commands/applications/client-directory.ts';
import type { Kernel } from '../commands/kernel.ts';
import { everyoneRoleId } from '../commands/roles/everyone.ts';
import { createJwtSigner } from '../commands/tokens/jwt.ts';
import { SUPER_ORG_ID } from '../domain/ids.ts';
import type { Configuration } from '../infra/config/config.ts';
import { storedLogOf } from '../infra/event-store/stored-log.ts';
import type { ReadStore } from '../infra/read-store/read-store.ts';
import type { Telemetry } from '../infra/telemetry/telemetry.ts';
import { auditorsOnly } from '../protocol/eventstore-endpoint/auditors.ts';
import { type EventStoreEndpoint, openEventStoreEndpoint } from '../protocol/eventstore-endpoint/endpoint.ts';
import type { EndpointObserver } from '../protocol/eventstore-endpoint/streams-service.ts';
import { createAuthenticator } from '../protocol/http/authenticate.ts';
import { createEffectiveAccess } from '../read-api/effective-access.ts';

export interface EventStoreDoorParts {
  readonly configuration: Configuration;
  readonly telemetry: Telemetry;
  /** PEM; null for clear text. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly kernel: Kernel;
  readonly reads: ReadStore;
}

/** Only for reading: nothing in a configuration makes it take events. Throws where the log is not embedded. */
export async function openEventStoreDoor(parts: EventStoreDoorParts): Promise<EventStoreEndpoint> {
  const { configuration, telemetry, tls, kernel, reads } = parts;
  const log = storedLogOf(kernel.store);
  if (log === null) throw new Error('MUNIMENT_EVENTSTORE_ENDPOINT serves the embedded log, and the log is on a server');
  const { url, superTenant, eventStoreEndpoint } = configuration;
  const tenant = { id: SUPER_ORG_ID, domain: superTenant, isSuper: true, baseUrl: url };
  const access = createEffectiveAccess({ store: kernel.store, reads, everyoneRole: everyoneRoleId });
  const [signer, clients] = [createJwtSigner(kernel), createClientDirectory(kernel)];
  const authenticator = createAuthenticator({ kernel, signer, clients, access });
  return await openEventStoreEndpoint({
    log,
    ...(eventStoreEndpoint === null ? {} : { host: eventStoreEndpoint.host, port: eventStoreEndpoint.port }),
    advertisedHost: new URL(url).hostname,
    ...(tls === null ? {} : { tls: { certificate: tls.cert, key: tls.key } }),
    authorize: auditorsOnly({ kernel, authenticator, access, tenant }),
    observe: observerOf(telemetry),
    onFault: (error) =>
      telemetry.log.error('eventstore.endpoint.failed', {
        error,
        action: 'A read of the log failed; see the error. Other readers go on.',
      }),
  });
}

function observerOf(telemetry: Telemetry): EndpointObserver {
  const sent = telemetry.counter({
    name: 'muniment_eventstore_endpoint_messages_total',
    help: 'Messages sent to readers of the log.',
  });
  const reads = telemetry.counter({
    name: 'muniment_eventstore_endpoint_reads_total',
    help: 'Reads and subscriptions of the log that ended, by outcome.',
    labels: ['outcome'],
  });
  let open = 0;
  telemetry.gauge(
    { name: 'muniment_eventstore_endpoint_subscriptions', help: 'Subscriptions to the log that are open.' },
    () => open,
  );
  return {
    subscriptions(now) {
      open = now;
    },
    sent: () => sent.add(),
    readEnded: (outcome) => reads.add(1, { outcome }),
  };
}

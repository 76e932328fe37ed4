/** What a client may use of this server; nothing that it lacks. */

import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import messages from '@eventstore/db-client/generated/serverfeatures_pb.js';

/** The newest line of servers with this protocol alone. */
export const PROTOCOL_VERSION = '24.10.0';

const STREAMS = 'event_store.client.streams.streams';

const READ_ONLY: readonly (readonly [service: string, method: string, features: readonly string[]])[] = [
  [STREAMS, 'read', ['position', 'events']],
  ['event_store.client.gossip.gossip', 'read', []],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods', []],
];

const WRITABLE: typeof READ_ONLY = ['append', 'batchappend', 'delete', 'tombstone'].map((method) => [
  STREAMS,
  method,
  [],
]);

export function supportedMethods(writable: boolean): SupportedMethods {
  const methods = (writable ? [...READ_ONLY, ...WRITABLE] : READ_ONLY).map(([service, name, features]) => {
    const method = new messages.SupportedMethod();
    method.setServiceName(service);
    method.setMethodName(name);
    method.setFeaturesList([...features]);
    return method;
  });
  return new messages.SupportedMethods().setEventStoreServerVersion(PROTOCOL_VERSION).setMethodsList(methods);
}

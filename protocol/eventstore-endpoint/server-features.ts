/** What a client may use of this server; nothing that it lacks. */

import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import messages from '@eventstore/db-client/generated/serverfeatures_pb.js';

/** The newest line of servers with the first version of the protocol alone. */
export const PROTOCOL_VERSION = '24.10.0';
/** The first that appends to several streams, and checks others. */
export const RECORDS_VERSION = '26.1.0';

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

const RECORDS: typeof READ_ONLY = ['appendsession', 'appendrecords'].map((method) => [
  'kurrentdb.protocol.v2.streams.streamsservice',
  method,
  [],
]);

export function supportedMethods(writable: boolean): SupportedMethods {
  const methods = (writable ? [...READ_ONLY, ...WRITABLE, ...RECORDS] : READ_ONLY).map(([service, name, features]) => {
    const method = new messages.SupportedMethod();
    method.setServiceName(service);
    method.setMethodName(name);
    method.setFeaturesList([...features]);
    return method;
  });
  const version = writable ? RECORDS_VERSION : PROTOCOL_VERSION;
  return new messages.SupportedMethods().setEventStoreServerVersion(version).setMethodsList(methods);
}

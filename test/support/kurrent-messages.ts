/**
 * Gives the endpoint the messages of the newer client. Both clients write theirs under the same names into one global
 * object, so a process in which the newer client speaks to an endpoint can have only these. The wire is the same.
 */
import { vi } from 'vitest';

vi.mock('@eventstore/db-client/generated/gossip_grpc_pb.js', () => generated('gossip_grpc_pb'));
vi.mock('@eventstore/db-client/generated/gossip_pb.js', () => generated('gossip_pb'));
vi.mock('@eventstore/db-client/generated/serverfeatures_grpc_pb.js', () => generated('serverfeatures_grpc_pb'));
vi.mock('@eventstore/db-client/generated/serverfeatures_pb.js', () => generated('serverfeatures_pb'));
vi.mock('@eventstore/db-client/generated/shared_pb.js', () => generated('shared_pb'));
vi.mock('@eventstore/db-client/generated/status_pb.js', () => generated('status_pb'));
vi.mock('@eventstore/db-client/generated/streams_grpc_pb.js', () => generated('streams_grpc_pb'));
vi.mock('@eventstore/db-client/generated/streams_pb.js', () => generated('streams_pb'));

const generated = vi.hoisted(() => async (name: string): Promise<object> => {
  return await import(`@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/${name}.js`);
});

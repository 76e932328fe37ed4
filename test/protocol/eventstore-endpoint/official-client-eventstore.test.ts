import * as library from '@eventstore/db-client';
import { officialClientContract } from './official-client.contract.ts';

officialClientContract({
  name: '@eventstore/db-client',
  library,
  connect: (address) => library.EventStoreDBClient.connectionString(`esdb://${address}`),
  expecting: (expectedRevision) => ({ expectedRevision }),
  revisions: (expectedVersion, actualVersion) => ({ expectedVersion, actualVersion }),
});

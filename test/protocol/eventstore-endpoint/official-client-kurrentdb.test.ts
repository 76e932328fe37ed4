import type * as eventStore from '@eventstore/db-client';
import * as library from '@kurrent/kurrentdb-client';
import { officialClientContract } from './official-client.contract.ts';

officialClientContract({
  name: '@kurrent/kurrentdb-client',
  library: library as unknown as typeof eventStore,
  connect: (address) =>
    library.KurrentDBClient.connectionString(`kurrentdb://${address}`) as unknown as eventStore.EventStoreDBClient,
  expecting: (streamState) => ({ streamState }),
  revisions: (expectedState, actualState) => ({ expectedState, actualState }),
});

import { dbClientDriver } from '../../infra/event-store/esdb/db-client-driver.ts';
import { esdbUnderTest } from '../support/event-store-esdb.ts';
import { eventStoreContract } from './event-store.contract.ts';

eventStoreContract('EventStoreDB over the wire', () => esdbUnderTest(dbClientDriver));

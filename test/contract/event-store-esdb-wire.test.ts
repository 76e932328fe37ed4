import { dbClientDriver } from '../../infra/event-store/esdb/db-client-driver.ts';
import { esdbWireContract } from './event-store-esdb-wire.contract.ts';

esdbWireContract('@eventstore/db-client', dbClientDriver);

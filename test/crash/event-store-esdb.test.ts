import { dbClientDriver } from '../../infra/event-store/esdb/db-client-driver.ts';
import { serverKilledContract } from './event-store-server-killed.contract.ts';

serverKilledContract('@eventstore/db-client', dbClientDriver);

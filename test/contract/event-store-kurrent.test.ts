import '../support/kurrent-messages.ts';

import { kurrentDriver } from '../../infra/event-store/esdb/kurrent-driver.ts';
import { esdbUnderTest } from '../support/event-store-esdb.ts';
import { eventStoreContract } from './event-store.contract.ts';

eventStoreContract('KurrentDB over the wire', () => esdbUnderTest(kurrentDriver));

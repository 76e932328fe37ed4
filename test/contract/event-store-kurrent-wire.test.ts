import '../support/kurrent-messages.ts';

import { kurrentDriver } from '../../infra/event-store/esdb/kurrent-driver.ts';
import { esdbWireContract } from './event-store-esdb-wire.contract.ts';

esdbWireContract('@kurrent/kurrentdb-client', kurrentDriver);

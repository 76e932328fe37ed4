import '../support/kurrent-messages.ts';

import { kurrentDriver } from '../../infra/event-store/esdb/kurrent-driver.ts';
import { serverKilledContract } from './event-store-server-killed.contract.ts';

serverKilledContract('@kurrent/kurrentdb-client', kurrentDriver);

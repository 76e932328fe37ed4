import { embeddedUnderTest } from '../support/event-store-embedded.ts';
import { eventStoreContract } from './event-store.contract.ts';

eventStoreContract('embedded', () => embeddedUnderTest());

import type { Kernel } from '../commands/kernel.ts';
import type { Consumer } from './consumer.ts';

/**
 * Every consumer of the stream. Erasures are followed on the log itself (`erasure.ts`): a restored vault must see all of
 * them again, however long ago they were, and a stream forgets.
 */
export const consumersOf = (_kernel: Kernel): readonly Consumer[] => [];

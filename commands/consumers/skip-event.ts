/** An operator lets a consumer pass over an event that it cannot handle, and says why. Only from the host itself. */
import { z } from 'zod';
import { type ConsumerRecord, consumerRecords, decideSkipEvent } from '../../domain/consumers/skipped-event.ts';
import type { Command } from '../command.ts';

export const SKIP_REASON_CHARACTERS_MAX = 500;

const input = z.strictObject({
  consumer: z.string(),
  event: z.uuid(),
  stream: z.string(),
  position: z.string(),
  reason: z.string().trim().min(3).max(SKIP_REASON_CHARACTERS_MAX),
});

export const skipEvent: Command<z.output<typeof input>, ConsumerRecord> = {
  type: 'SkipConsumerEvent',
  summary: 'Lets a consumer pass over an event.',
  input,
  permissions: [],
  aggregate: consumerRecords,
  target: ({ consumer }) => consumer,
  decide: decideSkipEvent,
};

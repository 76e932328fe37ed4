/** What the command line may ask of the consumers, over the control socket. */
import { z } from 'zod';
import { ConsumerRequestRefused, type ConsumerStatus } from '../consumers/engine.ts';

/** The consumer engine has this shape. */
export interface ControlledConsumers {
  status(): Promise<readonly ConsumerStatus[]>;
  /** Null: every parked stream. */
  retry(name: string, eventId: string | null): Promise<void>;
  skip(name: string, eventId: string, reason: string): Promise<void>;
}

export const consumerSchema = z.object({
  name: z.string(),
  state: z.enum(['following', 'waiting']),
  /** Encoded; null before the first event. */
  position: z.string().nullable(),
  lagS: z.number(),
  detail: z.string().nullable(),
  parkedStreams: z.number(),
  parked: z.array(
    z.object({
      stream: z.string(),
      position: z.string(),
      id: z.string(),
      type: z.string(),
      attempts: z.number(),
      error: z.string().nullable(),
      /** Epoch milliseconds; null: not by itself any more. */
      nextAttemptMs: z.number().nullable(),
      waiting: z.number(),
    }),
  ),
});
export type ControlConsumer = z.output<typeof consumerSchema>;

export const consumerQuestions = [
  z.object({ op: z.literal('consumers.status') }),
  z.object({ op: z.literal('consumers.retry'), name: z.string(), event: z.string().nullable() }),
  z.object({ op: z.literal('consumers.skip'), name: z.string(), event: z.string(), reason: z.string() }),
] as const;
export type ConsumerQuestion = z.output<(typeof consumerQuestions)[number]>;

export const isOfConsumers = <Other extends { readonly op: string }>(
  question: Other | ConsumerQuestion,
): question is ConsumerQuestion => question.op.startsWith('consumers.');

/** The reason of a refusal, or how the consumers are afterwards. */
export async function answerOfConsumers(
  question: ConsumerQuestion,
  consumers: ControlledConsumers,
): Promise<string | ControlConsumer[]> {
  try {
    if (question.op === 'consumers.retry') await consumers.retry(question.name, question.event);
    if (question.op === 'consumers.skip') await consumers.skip(question.name, question.event, question.reason);
  } catch (error) {
    if (error instanceof ConsumerRequestRefused) return error.message;
    throw error;
  }
  return z.array(consumerSchema).parse(await consumers.status());
}

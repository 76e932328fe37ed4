/** Where events are carried onwards: over the log itself, or to the Kafka of a list of brokers. */
import { z } from 'zod';

export type StreamPlace =
  | { readonly kind: 'embedded' }
  /** `host:port` each. */
  | { readonly kind: 'kafka'; readonly brokers: readonly string[] };

export const KAFKA_SASL = ['off', 'plain', 'scram-sha-256', 'scram-sha-512'] as const;

export interface KafkaChoice {
  readonly kind: 'kafka';
  readonly brokers: readonly string[];
  /** Absolute paths; null: in clear. */
  readonly tls: {
    readonly caFile: string | null;
    readonly client: { readonly certificateFile: string; readonly keyFile: string } | null;
  } | null;
  readonly credentials: {
    readonly mechanism: Exclude<(typeof KAFKA_SASL)[number], 'off'>;
    readonly username: string;
    readonly password: string;
  } | null;
  readonly topics: {
    readonly prefix: string;
    readonly partitions: number;
    readonly retentionMs: number;
    /** Null: the brokers' own default. */
    readonly replicas: number | null;
  };
}

export type StreamChoice = { readonly kind: 'embedded' } | KafkaChoice;

const KAFKA = /^kafka:\/\/((?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):\d{1,5}(?:,(?:[a-z0-9.-]+|\[[0-9a-f:.]+\]):\d{1,5})*)\/?$/i;

export const streamPlace: z.ZodType<StreamPlace, string> = z.string().transform((text, context) => {
  if (text === 'embedded') return { kind: 'embedded' };
  const [, brokers] = KAFKA.exec(text) ?? [];
  if (brokers !== undefined) return { kind: 'kafka', brokers: brokers.split(',') };
  context.addIssue({ code: 'custom', message: 'no stream' });
  return z.NEVER;
});

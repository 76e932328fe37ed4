/** How the Kafka adapter speaks to its brokers: retries, bounds, encryption and credentials in one place. */
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import type { Logger } from '../../telemetry/telemetry.ts';

export interface KafkaTls {
  /** PEM; null: the authorities that Node trusts. They take the place of those. */
  readonly ca: string | null;
  /** PEM, for brokers that ask for a client certificate. */
  readonly client: { readonly cert: string; readonly key: string } | null;
}

export interface KafkaCredentials {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface KafkaPlace {
  /** `host:port`. */
  readonly brokers: readonly string[];
  /** Null: in clear. */
  readonly tls: KafkaTls | null;
  readonly credentials: KafkaCredentials | null;
}

const CONNECT_MS_MAX = 3_000;
const AUTHENTICATE_MS_MAX = 5_000;
const REQUEST_MS_MAX = 15_000;
const RETRIES = 5;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 1_000;

export function kafkaClient(place: KafkaPlace, log: Logger): Kafka {
  const { tls, credentials, brokers } = place;
  const config: KafkaConfig = {
    clientId: 'muniment',
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS_MAX,
    authenticationTimeout: AUTHENTICATE_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    retry: { retries: RETRIES, initialRetryTime: RETRY_MS_MIN, maxRetryTime: RETRY_MS_MAX },
    logLevel: logLevel.ERROR,
    logCreator:
      () =>
      ({ namespace, log: entry }) =>
        log.warn('kafka.client', { part: namespace, detail: entry.message }),
    ...(credentials === null ? {} : { sasl: { ...credentials } as SASLOptions }),
    ...(tls === null ? {} : { ssl: tlsOptions(tls) }),
  };
  return new Kafka(config);
}

/** Who a broker claims to be is always checked; there is no switch for it. */
const tlsOptions = ({ ca, client }: KafkaTls) => ({
  rejectUnauthorized: true,
  minVersion: 'TLSv1.2' as const,
  ...(ca === null ? {} : { ca: [ca] }),
  ...(client === null ? {} : client),
});

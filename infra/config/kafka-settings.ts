/** The variables of the Kafka connection, together: what they mean and what contradicts itself. */
import { resolve } from 'node:path';
import type { Environment } from './environment.ts';
import type { StreamChoice } from './stream-choice.ts';

const HOUR_MS = 3_600_000;

type Given = Pick<
  Environment,
  | 'MUNIMENT_STREAM'
  | 'MUNIMENT_KAFKA_TLS'
  | 'MUNIMENT_KAFKA_CA_FILE'
  | 'MUNIMENT_KAFKA_CERT_FILE'
  | 'MUNIMENT_KAFKA_KEY_FILE'
  | 'MUNIMENT_KAFKA_SASL'
  | 'MUNIMENT_KAFKA_USERNAME'
  | 'MUNIMENT_KAFKA_PASSWORD'
  | 'MUNIMENT_KAFKA_TOPIC_PREFIX'
  | 'MUNIMENT_KAFKA_PARTITIONS'
  | 'MUNIMENT_KAFKA_RETENTION_HOURS'
  | 'MUNIMENT_KAFKA_REPLICAS'
>;

/** One sentence each. What is set and would be ignored is a contradiction too: somebody relies on it. */
export function kafkaContradictions(given: Given): readonly string[] {
  const { MUNIMENT_KAFKA_TLS: tls, MUNIMENT_KAFKA_SASL: sasl } = given;
  const { MUNIMENT_KAFKA_CERT_FILE: certificate, MUNIMENT_KAFKA_KEY_FILE: keyFile } = given;
  const { MUNIMENT_KAFKA_USERNAME: username, MUNIMENT_KAFKA_PASSWORD: password } = given;
  const problems: string[] = [];
  const namesFiles = [given.MUNIMENT_KAFKA_CA_FILE, certificate, keyFile].some((file) => file !== null);
  if (tls === 'off' && namesFiles) {
    problems.push('MUNIMENT_KAFKA_TLS is "off", and certificate files are named for it. Allowed with them: on.');
  }
  if ((certificate === null) !== (keyFile === null)) {
    problems.push('MUNIMENT_KAFKA_CERT_FILE and MUNIMENT_KAFKA_KEY_FILE belong together. Set both or neither.');
  }
  if (sasl !== 'off' && (username === null || password === null)) {
    problems.push(`MUNIMENT_KAFKA_SASL is "${sasl}", which needs MUNIMENT_KAFKA_USERNAME and MUNIMENT_KAFKA_PASSWORD.`);
  }
  if (sasl === 'off' && (username !== null || password !== null)) {
    problems.push('MUNIMENT_KAFKA_SASL is "off", and credentials are given. Name the mechanism they are for.');
  }
  if (sasl === 'plain' && tls === 'off') {
    problems.push('MUNIMENT_KAFKA_SASL is "plain", which sends the password as it is. Set MUNIMENT_KAFKA_TLS to on.');
  }
  const isUsed = given.MUNIMENT_STREAM.kind === 'kafka';
  if (!isUsed && (tls !== 'off' || sasl !== 'off')) {
    problems.push('MUNIMENT_STREAM names no Kafka, and MUNIMENT_KAFKA_TLS or MUNIMENT_KAFKA_SASL is set for one.');
  }
  return problems;
}

/** Of settings without contradictions. */
export function streamChoice(given: Given): StreamChoice {
  const place = given.MUNIMENT_STREAM;
  if (place.kind === 'embedded') return place;
  return {
    ...place,
    tls: tlsOf(given),
    credentials: credentialsOf(given),
    topics: {
      prefix: given.MUNIMENT_KAFKA_TOPIC_PREFIX,
      partitions: given.MUNIMENT_KAFKA_PARTITIONS,
      retentionMs: given.MUNIMENT_KAFKA_RETENTION_HOURS * HOUR_MS,
      replicas: given.MUNIMENT_KAFKA_REPLICAS,
    },
  };
}

function tlsOf(given: Given) {
  if (given.MUNIMENT_KAFKA_TLS === 'off') return null;
  const { MUNIMENT_KAFKA_CA_FILE: ca, MUNIMENT_KAFKA_CERT_FILE: certificate, MUNIMENT_KAFKA_KEY_FILE: keyFile } = given;
  return {
    caFile: ca === null ? null : resolve(ca),
    client:
      certificate === null || keyFile === null
        ? null
        : { certificateFile: resolve(certificate), keyFile: resolve(keyFile) },
  };
}

function credentialsOf(given: Given) {
  const {
    MUNIMENT_KAFKA_SASL: mechanism,
    MUNIMENT_KAFKA_USERNAME: username,
    MUNIMENT_KAFKA_PASSWORD: password,
  } = given;
  if (mechanism === 'off' || username === null || password === null) return null;
  return { mechanism, username, password };
}

/** A broker of a test's own, to be killed and started again over the same data and port. */
import { type KillableServer, killableServer } from './killable-server.ts';

export interface KafkaServer extends Omit<KillableServer, 'address'> {
  /** `host:port`. */
  readonly broker: string;
}

export async function kafkaServer(): Promise<KafkaServer> {
  const { address: broker, ...server } = await killableServer({ file: 'kafka.mjs', name: 'KAFKA', end: 'SIGKILL' });
  return { broker, ...server };
}

/** What is measured. A scenario prepares one step per worker; the load runs the steps. */
import { type Answer, Connection, type RequestSpec, requestBytes } from '../load/connection.ts';
import { text } from '../load/login.ts';
import type { Step } from '../load/run-load.ts';
import type { RunningTarget } from '../targets/target.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** `large`: with many users in the read model. */
  readonly size: 'small' | 'large';
  /** With fewer users it would measure something else and is left out. */
  readonly usersMin?: number;
  readonly concurrencies: readonly number[];
  /** False: the target has no such thing, and the scenario is left out. */
  readonly fits: (target: RunningTarget) => boolean;
  readonly steps: (target: RunningTarget, concurrency: number) => Promise<Workers>;
}

export interface Workers {
  readonly steps: readonly Step[];
  readonly close: () => void;
}

/** From the highest: what is compiled under load is compiled for the single client too. */
export const EVERY_CONCURRENCY: readonly number[] = [64, 16, 1];

/** One connection and one step for each worker. */
export async function perWorker(
  target: RunningTarget,
  concurrency: number,
  make: (connection: Connection) => Step | Promise<Step>,
): Promise<Workers> {
  const connections = Array.from({ length: concurrency }, () => new Connection(target.baseUrl));
  const steps: Step[] = [];
  for (const connection of connections) steps.push(await make(connection));
  const close = () => {
    for (const connection of connections) connection.close();
  };
  return { steps, close };
}

/** The same request again and again; `right` looks at the answer. */
export function repeating(
  target: RunningTarget,
  concurrency: number,
  { request, right }: { readonly request: RequestSpec; readonly right: (answer: Answer) => boolean },
): Promise<Workers> {
  const bytes = requestBytes(target.baseUrl.host, request);
  return perWorker(target, concurrency, (connection) => async () => {
    const answer = await connection.send(bytes);
    if (answer.status < 200 || answer.status > 299 || !right(answer)) throw unexpected(request, answer);
  });
}

export const unexpected = ({ method, path }: Pick<RequestSpec, 'method' | 'path'>, answer: Answer): Error =>
  new Error(`${method} ${path} answered ${answer.status}: ${text(answer)}`);

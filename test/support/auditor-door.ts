/** A server with the door for auditors, over TLS with the certificate that it makes, and one auditor. */
import { join } from 'node:path';
import { execute } from '../../commands/pipeline.ts';
import type { AnyCommand } from '../../commands/registry.ts';
import { assignRole } from '../../commands/users/assign-role.ts';
import { createUser } from '../../commands/users/create-user.ts';
import { AUDITOR_ROLE_ID, type UserId } from '../../domain/ids.ts';
import { asking } from './kernel.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts';

export const AUDITOR_PASSWORD = 'Correct-horse-9';

export interface AuditorDoor {
  readonly server: TestServer;
  readonly auditor: UserId;
  readonly port: number;
  /** PEM. */
  readonly caFile: string;
  /** Connection string of the older name. */
  url(user?: string, password?: string): string;
  run(command: AnyCommand, input: object): Promise<string>;
  newUser(userName: string, attributes?: object): Promise<UserId>;
  stop(): Promise<void>;
}

export async function startAuditorDoor(options: TestServerOptions = {}): Promise<AuditorDoor> {
  const server = await startTestServer({
    ...options,
    environment: {
      MUNIMENT_TLS: 'auto',
      MUNIMENT_EVENTSTORE_ENDPOINT: 'on',
      MUNIMENT_EVENTSTORE_ENDPOINT_PORT: '0',
      ...options.environment,
    },
  });
  const port = server.endpointPort ?? 0;
  const caFile = join(server.directory, 'tls', 'cert.pem');
  const run = async (command: AnyCommand, input: object): Promise<string> => {
    const done = await execute(server.kernel, command, input, asking());
    if (!done.ok) throw new Error(`${command.type} was refused: ${JSON.stringify(done.refusal)}`);
    return done.value.id;
  };
  const newUser = async (userName: string, attributes: object = {}): Promise<UserId> =>
    (await run(createUser, { userName, password: AUDITOR_PASSWORD, attributes })) as UserId;
  const auditor = await newUser('audrey');
  await run(assignRole, { userId: auditor, roleId: AUDITOR_ROLE_ID });
  return {
    server,
    auditor,
    port,
    caFile,
    run,
    newUser,
    url: (user = 'audrey', password = AUDITOR_PASSWORD) =>
      `esdb://${user}:${password}@localhost:${port}?tls=true&tlsCAFile=${caFile}`,
    stop: () => server.stop(),
  };
}

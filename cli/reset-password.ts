/** `muniment reset-password`: the way back in for who has the host. Leaves its event like any other change. */
import { parseArgs } from 'node:util';
import { systemCaller } from '../commands/bootstrap.ts';
import { execute } from '../commands/pipeline.ts';
import { ownerOf } from '../commands/reservations.ts';
import { setUserPassword } from '../commands/users/change-user.ts';
import { SUPER_ORG_ID } from '../domain/ids.ts';
import { userNameClaim } from '../domain/users/user.ts';
import { refuseHalfRestored } from '../infra/backup/restore-mark.ts';
import { type Configuration, readConfiguration } from '../infra/config/config.ts';
import { StoreUnavailable } from '../infra/event-store/errors.ts';
import { noTelemetry } from '../infra/telemetry/no-telemetry.ts';
import { CannotDo, subcommand } from './command-line.ts';
import { type OpenedKernel, openKernel } from './stores.ts';

const USAGE = `muniment reset-password [--user NAME]

Sets the password of a user of the super organization to the first line of standard input, while the server is stopped.
NAME is the administrator (MUNIMENT_ADMIN_USERNAME) unless given.
`;

export const run = (args: readonly string[]): Promise<number> => subcommand(USAGE, () => resetPassword(args));

async function resetPassword(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { user: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const configuration = readConfiguration(process.env);
  const password = await firstLine();
  const { kernel, close } = await openWhileStopped(configuration);
  try {
    const userName = values.user ?? configuration.admin.userName;
    const userId = await ownerOf(kernel, userNameClaim({ org: SUPER_ORG_ID, userName }));
    if (userId === null) return refused(`there is no user ${userName} in the super organization`);
    const caller = systemCaller(SUPER_ORG_ID, 'reset-password');
    const set = await execute(kernel, setUserPassword, { userId, password }, { caller, correlationId: kernel.uuid() });
    if (!set.ok) return refused(`the password was refused: ${set.refusal.reason}`);
    process.stdout.write(`The password of ${userName} is set; sessions and grants made before have ended.\n`);
    return 0;
  } finally {
    await close();
  }
}

async function openWhileStopped(configuration: Configuration): Promise<OpenedKernel> {
  try {
    refuseHalfRestored(configuration.data);
    return await openKernel(configuration, noTelemetry);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw new CannotDo(error.message);
    throw error;
  }
}

function refused(why: string): number {
  process.stderr.write(`${why}\n`);
  return 1;
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** How long a password lasts, and when it may come back. */
import { type Connector, flag, text, whole } from '../setting.ts';

const category = 'Password Policies';
/** Each password change hashes as many times: more would be a lever on the server. */
export const PASSWORD_HISTORY_MAX = 24;
const DAYS_MAX = 3_650;
const EXPIRY_RULE = String.raw`\d{1,3},\d{1,4},roles,(?:eq|ne)(?:,[0-9a-f-]{36})+`;

export const passwordPolicies: readonly Connector[] = [
  {
    name: 'passwordHistory',
    friendlyName: 'Password History',
    category,
    settings: [
      flag('passwordHistory.enable', false, 'Refuse former passwords'),
      whole('passwordHistory.count', 5, 'How many passwords are remembered', { min: 1, max: PASSWORD_HISTORY_MAX }),
    ],
  },
  {
    name: 'passwordExpiry',
    friendlyName: 'Password Expiry',
    category,
    settings: [
      flag('passwordExpiry.enablePasswordExpiry', false, 'Passwords expire'),
      whole('passwordExpiry.passwordExpiryInDays', 30, 'Days that a password lasts', { min: 1, max: DAYS_MAX }),
      {
        ...text(
          'passwordExpiry.rules',
          '',
          'Rules',
          'Priority, days (0 is for ever), roles, eq or ne, role ids; with semicolons between: 1,90,roles,eq,<id>.',
        ),
        form: new RegExp(`^(?:${EXPIRY_RULE}(?:;${EXPIRY_RULE})*)?$`),
      },
    ],
  },
];

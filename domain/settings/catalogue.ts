/** Every connector and setting that an organization has, as published. */
import { accountManagement } from './connectors/account-management.ts';
import { loginAttempts } from './connectors/login-attempts.ts';
import { otherSettings } from './connectors/other-settings.ts';
import { passwordPolicies } from './connectors/password-policies.ts';
import { userOnboarding } from './connectors/user-onboarding.ts';
import type { Connector, Setting } from './setting.ts';

export const connectors: readonly Connector[] = [
  ...userOnboarding,
  ...loginAttempts,
  ...accountManagement,
  ...passwordPolicies,
  ...otherSettings,
];

const byName = new Map(connectors.map((connector) => [connector.name, connector]));

export const connectorOf = (name: string): Connector | null => byName.get(name) ?? null;

const settings = connectors.flatMap((connector) => connector.settings);
/** Names are unique over all connectors. */
const settingsByName = new Map(settings.map((setting) => [setting.name, setting]));

export const settingIn = (connector: Connector, name: string): Setting | null =>
  connector.settings.find((setting) => setting.name === name) ?? null;

/** Throws for a name that no connector has: it is a slip of the pen in our own code. */
export function requireSetting(name: string): Setting {
  const setting = settingsByName.get(name);
  if (setting === undefined) throw new TypeError(`there is no setting ${name}`);
  return setting;
}

/** Registration, invitation and verification of new accounts. */
import { type Connector, codeSettings, flag, minutes, text } from '../setting.ts';

const category = 'User Onboarding';
const CODE_PATTERN = '[a-zA-Z0-9]{6}';

export const userOnboarding: readonly Connector[] = [
  {
    name: 'self-sign-up',
    friendlyName: 'Self Registration',
    category,
    settings: [
      flag('SelfRegistration.Enable', false, 'Self registration', 'Anybody may register.'),
      flag('SelfRegistration.LockOnCreation', true, 'Lock on creation', 'The account is locked until confirmed.'),
      flag('SelfRegistration.SendConfirmationOnCreation', false, 'Confirmation on creation'),
      flag('SelfRegistration.OTP.SendOTPInEmail', false, 'Code by e-mail'),
      flag('SelfRegistration.EmailOTP.Enable', false, 'Confirm by a code in the mail'),
      ...codeSettings('SelfRegistration.OTP'),
      flag('SelfRegistration.ShowUsernameUnavailability', true, 'Tell that a user name is taken'),
      flag('SelfRegistration.Notification.InternallyManage', true, 'Messages are sent by the server'),
      flag('SelfRegistration.ReCaptcha', true, 'Prompt a captcha'),
      minutes('SelfRegistration.VerificationCode.ExpiryTime', 1440, 'Minutes that a link is good for'),
      minutes('SelfRegistration.VerificationCode.SMSOTP.ExpiryTime', 1, 'Minutes that an SMS code is good for'),
      text('SelfRegistration.SMSOTP.Regex', CODE_PATTERN, 'Form of an SMS code'),
      text('SelfRegistration.CallbackRegex', '.*', 'Pattern of allowed callback URLs'),
      flag('SelfRegistration.NotifyAccountConfirmation', false, 'Message after confirmation'),
      flag('SelfRegistration.ResendConfirmationReCaptcha', false, 'Prompt a captcha before a message is sent again'),
      flag('SelfRegistration.AutoLogin.Enable', false, 'Sign in after registration'),
      text('SelfRegistration.AutoLogin.AliasName', 'wso2carbon', 'Alias of the key for signing in afterwards'),
      flag('SelfRegistration.EnableDynamicPortal', false, 'Registration by a flow'),
    ],
  },
  {
    name: 'lite-user-sign-up',
    friendlyName: 'Lite User Registration',
    category,
    settings: [
      flag('LiteRegistration.Enable', false, 'Registration with an address alone'),
      flag('LiteRegistration.LockOnCreation', true, 'Lock on creation', 'The account is locked until confirmed.'),
      flag('LiteRegistration.Notification.InternallyManage', true, 'Messages are sent by the server'),
      flag('LiteRegistration.ReCaptcha', true, 'Prompt a captcha'),
      minutes('LiteRegistration.VerificationCode.ExpiryTime', 1440, 'Minutes that a link is good for'),
      minutes('LiteRegistration.VerificationCode.SMSOTP.ExpiryTime', 1, 'Minutes that an SMS code is good for'),
      text('LiteRegistration.CallbackRegex', '.*', 'Pattern of allowed callback URLs'),
      flag('LiteRegistration.ResendVerificationOnUserExistence', false, 'Send again where the user exists'),
    ],
  },
  {
    name: 'user-email-verification',
    friendlyName: 'Ask Password',
    category,
    settings: [
      flag('EmailVerification.Enable', false, 'Verify the e-mail address of new users'),
      flag('EmailVerification.OTP.SendOTPInEmail', false, 'Code by e-mail'),
      flag('EmailVerification.OTP', false, 'Verify by a code instead of a link'),
      flag('EmailVerification.AskPassword.EmailOTP', false, 'Invite by a code in the mail'),
      flag('EmailVerification.AskPassword.SMSOTP', false, 'Invite by a code in an SMS'),
      ...codeSettings('EmailVerification.OTP'),
      flag('EmailVerification.LockOnCreation', true, 'Lock on creation', 'The account is locked until confirmed.'),
      flag('EmailVerification.Notification.InternallyManage', true, 'Messages are sent by the server'),
      flag('EmailVerification.AskPassword.AccountActivation', true, 'Message after activation'),
      minutes('EmailVerification.ExpiryTime', 1440, 'Minutes that a verification is good for'),
      minutes('EmailVerification.AskPassword.ExpiryTime', 1440, 'Minutes that an invitation is good for'),
      text(
        'EmailVerification.AskPassword.PasswordGenerator',
        'org.wso2.carbon.user.mgt.common.DefaultPasswordGenerator',
        'Generator of temporary passwords',
        'Kept for clients that read it; no password is generated here.',
      ),
    ],
  },
];

/** Recovery, forced resets, idle and disabled accounts. */
import { type Connector, codeSettings, flag, minutes, text, whole } from '../setting.ts';

const category = 'Account Management';
const PASSWORD = 'Recovery.Notification.Password';

const recovery: Connector = {
  name: 'account-recovery',
  friendlyName: 'Account Recovery',
  category,
  settings: [
    flag(`${PASSWORD}.Enable`, false, 'Password recovery by message'),
    flag(`${PASSWORD}.emailLink.Enable`, false, 'Password recovery by a link in the mail'),
    flag(`${PASSWORD}.smsOtp.Enable`, false, 'Password recovery by a code in an SMS'),
    flag(`${PASSWORD}.OTP.SendOTPInEmail`, false, 'Code by e-mail'),
    ...codeSettings(`${PASSWORD}.OTP`),
    minutes(`${PASSWORD}.ExpiryTime.smsOtp`, 1, 'Minutes that an SMS code is good for'),
    text(`${PASSWORD}.smsOtp.Regex`, '[a-zA-Z0-9]{6}', 'Form of an SMS code'),
    whole(`${PASSWORD}.MaxFailedAttempts`, 3, 'Wrong codes until a recovery ends', { min: 1, max: 100 }),
    whole(`${PASSWORD}.MaxResendAttempts`, 5, 'How often a code is sent again', { max: 100 }),
    flag('Recovery.ReCaptcha.Password.Enable', false, 'Prompt a captcha before password recovery'),
    flag('Recovery.Notification.Username.Enable', false, 'User name recovery'),
    flag('Recovery.Notification.Username.Email.Enable', false, 'User name recovery by e-mail'),
    flag('Recovery.Notification.Username.SMS.Enable', false, 'User name recovery by SMS'),
    flag('Recovery.ReCaptcha.Username.Enable', false, 'Prompt a captcha before user name recovery'),
    flag('Recovery.Notification.InternallyManage', true, 'Messages are sent by the server'),
    flag('Recovery.NotifySuccess', false, 'Message after recovery'),
    minutes('Recovery.ExpiryTime', 1440, 'Minutes that a link is good for'),
    text('Recovery.CallbackRegex', '.*', 'Pattern of allowed callback URLs'),
    flag('Recovery.AutoLogin.Enable', false, 'Sign in after recovery'),
    flag('Recovery.Question.Password.Enable', false, 'Password recovery by questions'),
    whole('Recovery.Question.MinAnswers', 2, 'Answers that are needed', { min: 1, max: 20 }),
    text('Recovery.Question.Answer.Regex', '.*', 'Form of an answer'),
    flag('Recovery.Question.Answer.Uniqueness', false, 'Answers differ from each other'),
    whole('Recovery.Question.MinQuestionsToAnswer', 1, 'Questions to answer', { min: 1, max: 20 }),
    flag('Recovery.Question.Password.ReCaptcha.Enable', true, 'Prompt a captcha before questions'),
    whole('Recovery.Question.Password.ReCaptcha.MaxFailedAttempts', 2, 'Wrong answers until the captcha', { max: 100 }),
    flag('Recovery.Question.Password.NotifyStart', false, 'Message when recovery by questions begins'),
    flag('Recovery.Question.Password.Forced.Enable', false, 'Ask for answers at sign-in'),
  ],
};

export const accountManagement: readonly Connector[] = [
  recovery,
  {
    name: 'admin-forced-password-reset',
    friendlyName: 'Password Reset',
    category,
    settings: [
      flag('Recovery.AdminPasswordReset.RecoveryLink', false, 'Reset by a link in the mail'),
      flag('Recovery.AdminPasswordReset.OTP', false, 'Reset by a code in the mail'),
      flag('Recovery.AdminPasswordReset.SMSOTP', false, 'Reset by a code in an SMS'),
      flag('Recovery.AdminPasswordReset.Offline', false, 'Reset by a code that the administrator hands over'),
      minutes('Recovery.AdminPasswordReset.ExpiryTime', 1440, 'Minutes that a reset is good for'),
    ],
  },
  {
    name: 'suspension.notification',
    friendlyName: 'Idle Account Suspend',
    category,
    settings: [
      flag('suspension.notification.enable', false, 'Suspend idle accounts'),
      whole('suspension.notification.account.disable.delay', 90, 'Days until an idle account is locked', { min: 1 }),
      text('suspension.notification.delays', '30,45,60,75', 'Days after which a message is sent'),
    ],
  },
  {
    name: 'multiattribute.login.handler',
    friendlyName: 'Multi Attribute Login',
    category,
    settings: [
      flag('account.multiattributelogin.handler.enable', false, 'Sign in with other attributes than the user name'),
      text(
        'account.multiattributelogin.handler.allowedattributes',
        'http://wso2.org/claims/username',
        'Attributes that identify a user',
      ),
    ],
  },
  {
    name: 'account.disable.handler',
    friendlyName: 'Account Disable',
    category,
    settings: [
      flag('account.disable.handler.enable', false, 'Disable accounts', 'A disabled account is refused in any case.'),
      flag('account.disable.handler.notification.manageInternally', true, 'Messages are sent by the server'),
    ],
  },
];

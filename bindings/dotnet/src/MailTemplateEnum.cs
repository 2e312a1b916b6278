using System;

namespace MailEnhanceService
{
    /// <summary>The standard templates, by the names and numbers that callers know. The names in capitals mean the same.</summary>
    public enum MailTemplateEnum
    {
        /// <summary>The mail brings a body of its own.</summary>
        NoTemplate = -1,
        Register = 0,
        ForgetPassword = 1,
        /// <summary>Not built in: a file such as PrivacyContent_zh-HK.html in the template folder.</summary>
        PrivacyContent = 3,

        NO_TEMPLATE = NoTemplate,
        REGISTER = Register,
        FORGET_PASSWORD = ForgetPassword,
        PRIVACY_CONTENT = PrivacyContent
    }

    internal static class MailTemplates
    {
        /// <summary>As files are named; null: no template.</summary>
        internal static string NameOf(MailTemplateEnum template)
        {
            switch (template)
            {
                case MailTemplateEnum.NoTemplate: return null;
                case MailTemplateEnum.Register: return "Register";
                case MailTemplateEnum.ForgetPassword: return "ForgetPassword";
                case MailTemplateEnum.PrivacyContent: return "PrivacyContent";
                default: throw new ArgumentOutOfRangeException(nameof(template), template, "There is no such template.");
            }
        }
    }
}

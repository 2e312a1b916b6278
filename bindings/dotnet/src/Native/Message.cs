using System;
using System.Collections.Generic;

namespace MailEnhanceService.Native
{
    /// <summary>A mail as the library knows it, and the addresses that it would not take.</summary>
    internal sealed class Message : IDisposable
    {
        private const int RoleTo = 0;
        private readonly MailLanguage _language;

        internal MessageHandle Handle { get; }
        internal List<RecipientResult> Rejected { get; }
        internal bool HasRecipients { get; private set; }

        /// <summary>Reads the files: not on a thread that must not wait.</summary>
        internal Message(Mail mail, string templateFolder, MailLanguage language)
        {
            _language = language;
            Rejected = new List<RecipientResult>(mail.Rejected);
            Handle = NativeMethods.mes_message_new();
            if (Handle.IsInvalid)
                throw new OutOfMemoryException();
            try
            {
                using (var error = NativeMethods.mes_error_new())
                    Fill(mail, templateFolder, error);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public void Dispose() => Handle.Dispose();

        private void Fill(Mail mail, string templateFolder, ErrorHandle error)
        {
            foreach (var address in mail.To)
                Add(address, error);
            foreach (var variable in mail.Variables)
                Check(NativeMethods.mes_message_set_variable(Handle, Utf8.Of(variable.Key), Utf8.Of(variable.Value), error), error);
            Check(NativeMethods.mes_message_set_subject(Handle, Utf8.Of(mail.Subject), error), error);
            if (mail.Template != null)
                Check(NativeMethods.mes_message_set_template(Handle, Utf8.Of(templateFolder), Utf8.Of(mail.Template),
                                                             Utf8.Of(mail.Language), error), error);
            else if (mail.Html != null)
                Check(NativeMethods.mes_message_set_html(Handle, Utf8.Of(mail.Html), error), error);
            else
                Check(NativeMethods.mes_message_set_text(Handle, Utf8.Of(mail.Text), error), error);
            foreach (var file in mail.Files)
                Check(NativeMethods.mes_message_attach_file(Handle, Utf8.Of(file), null, null, error), error);
        }

        private void Add(string address, ErrorHandle error)
        {
            try
            {
                Check(NativeMethods.mes_message_add_recipient(Handle, RoleTo, Utf8.Of(address), null, error), error);
                HasRecipients = true;
            }
            catch (MailEnhanceException wrong) when (wrong.Code == "INPUT")
            {
                Rejected.Add(RecipientResult.Rejected(address, wrong.Message));
            }
        }

        private void Check(int code, ErrorHandle error) => NativeError.Check(code, error, _language);
    }
}

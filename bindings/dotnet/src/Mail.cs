using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

namespace MailEnhanceService
{
    /// <summary>What is to be sent, in the form that both ways understand.</summary>
    internal sealed class Mail
    {
        /// <summary>A variable that stands for two opening braces.</summary>
        private const string Braces = "leftBraces";
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);
        private static readonly Regex Markup = new Regex("<[A-Za-z/!]", RegexOptions.CultureInvariant);
        private static readonly Regex Callback = new Regex(@"\{callbackurl\}", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);

        internal IReadOnlyList<string> To { get; }
        /// <summary>What is no text at all, so that neither way need know.</summary>
        internal IReadOnlyList<RecipientResult> Rejected { get; }
        internal string Subject { get; }
        internal string Text { get; }
        internal string Html { get; }
        /// <summary>Null: Text or Html is the body.</summary>
        internal string Template { get; }
        internal string Language { get; }
        internal IReadOnlyDictionary<string, string> Variables { get; }
        internal IReadOnlyList<string> Files { get; }

        internal Mail(IReadOnlyList<string> to, string subject, MailTemplateEnum template, string body, string language,
                      string callbackUrl, IReadOnlyList<string> files)
        {
            var addresses = (to ?? throw new ArgumentNullException(nameof(to))).Select(address => address ?? "").ToList();
            Rejected = addresses.Where(address => Complaint(address) != null)
                                .Select(address => RecipientResult.Rejected(address, $"The address {Complaint(address)}.")).ToList();
            To = addresses.Where(address => Complaint(address) == null).ToList();
            Files = Clean(files ?? new string[0], "The name of a file");
            Clean(new[] { subject, body, language, callbackUrl }, "A text of the mail");
            Template = MailTemplates.NameOf(template);
            Language = language ?? "";
            Subject = Literal(subject ?? "");
            if (Template == null)
            {
                // In a body of the old form the one placeholder is {callbackurl}; all else is meant as it is written.
                var content = Callback.Replace(Literal(body ?? ""), "{{callbackurl}}");
                Html = Markup.IsMatch(content) ? content : null;
                Text = Html == null ? content : null;
            }
            var variables = new Dictionary<string, string> { { Braces, "{{" } };
            if (callbackUrl != null)
                variables["callbackurl"] = callbackUrl;
            Variables = variables;
        }

        /// <summary>What C would see the beginning of only, or what has no UTF-8; null: nothing is wrong.</summary>
        private static string Complaint(string text)
        {
            if (text.IndexOf('\0') >= 0)
                return "holds a NUL character";
            try
            {
                Strict.GetByteCount(text);
                return null;
            }
            catch (EncoderFallbackException)
            {
                return "holds half a character, a surrogate without its twin";
            }
        }

        private static IReadOnlyList<string> Clean(IReadOnlyList<string> texts, string what)
        {
            var complaint = texts.Where(text => text != null).Select(Complaint).FirstOrDefault(one => one != null);
            return complaint == null ? texts : throw new MailEnhanceException("INPUT", $"{what} {complaint}.");
        }

        /// <summary>Braces that would be taken for a variable stay braces.</summary>
        private static string Literal(string text) => text.Replace("{{", "{{{" + Braces + "}}}");
    }

    /// <summary>A way by which mail leaves.</summary>
    internal interface IMailRoute : IDisposable
    {
        Task<MailResult> SendAsync(Mail mail, CancellationToken cancellation);
    }
}

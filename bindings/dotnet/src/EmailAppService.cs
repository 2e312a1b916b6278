using System;
using System.Threading;
using System.Threading.Tasks;

namespace MailEnhanceService
{
    /// <summary>Sends mail through the first account that works. One for the whole program, for any number of threads: it keeps
    /// connections, and the limits of the accounts hold for all its calls together.</summary>
    public sealed class EmailAppService : IDisposable
    {
        private readonly IMailRoute _route;

        /// <summary>Reads the account file at once where there is no service, so that what is wrong with it shows at the start.</summary>
        /// <exception cref="MailEnhanceException"/>
        public EmailAppService(MailEnhanceOptions options)
        {
            var own = (options ?? throw new ArgumentNullException(nameof(options))).Copy();
            _route = own.Server != null ? new Http.HttpRoute(own) : (IMailRoute)new Native.NativeRoute(own);
        }

        /// <summary>For programs without dependency injection: set up as the environment says, for this company.</summary>
        public static EmailAppService StartUpEmailAppService(string mainComId)
        {
            var options = MailEnhanceOptions.FromEnvironment();
            options.Company = mainComId;
            return new EmailAppService(options);
        }

        /// <summary>Sends a mail of its own to each address and returns when each has its result; never on the caller's thread.
        /// </summary>
        /// <param name="mailToList">Addresses: <c>a@example.hk</c> or <c>Wong &lt;a@example.hk&gt;</c>. Those that are none are in
        /// the result as rejected, and the others get their mail.</param>
        /// <param name="subject">Null or "": the template's title, else the first 20 characters of the text.</param>
        /// <param name="template">A standard template; its place is taken by <paramref name="body"/> with NoTemplate.</param>
        /// <param name="body">HTML or plain text, in which {callbackurl} is <paramref name="callbackUrl"/>. Not used with a template.</param>
        /// <param name="languageCode">Of the template: zh-HK, zh-CN, en-US.</param>
        /// <param name="callbackUrl">As it is, not encoded.</param>
        /// <param name="files">Paths of files to be attached; may be null.</param>
        /// <param name="cancellation">Nothing more is begun; what a server is already taking ends as it ends. The result tells each
        /// address's fate: it is only thrown where nothing had been begun.</param>
        /// <exception cref="MailEnhanceException">Nothing was sent.</exception>
        /// <exception cref="OperationCanceledException">Nothing was sent.</exception>
        public async Task<MailResult> RunAsync(string[] mailToList, string subject, MailTemplateEnum template, string body,
                                               string languageCode, string callbackUrl, string[] files = null,
                                               CancellationToken cancellation = default(CancellationToken))
        {
            var mail = new Mail(mailToList, subject, template, body, languageCode, callbackUrl, files);
            return await _route.SendAsync(mail, cancellation).ConfigureAwait(false);
        }

        /// <summary>What is under way gets five seconds, then its result.</summary>
        public void Dispose() => _route.Dispose();
    }
}

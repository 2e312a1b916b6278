using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;

namespace MailEnhanceService.Http
{
    /// <summary>The service, by its HTTP API: what it has accepted is on its disk and will be sent.</summary>
    internal sealed class HttpRoute : IMailRoute
    {
        private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(50), LongestLook = TimeSpan.FromSeconds(2),
                                         CancelGrace = TimeSpan.FromSeconds(10);

        private readonly MailEnhanceOptions _options;
        private readonly ServiceClient _client;

        internal HttpRoute(MailEnhanceOptions options)
        {
            _options = options;
            _client = new ServiceClient(options);
        }

        public void Dispose() => _client.Dispose();

        public async Task<MailResult> SendAsync(Mail mail, CancellationToken cancellation)
        {
            // The same key in every try: a mail whose answer got lost is not sent twice.
            var key = Guid.NewGuid().ToString("N");
            WireAccepted accepted;
            try
            {
                var body = Wire.Write(await Compose(mail, cancellation).ConfigureAwait(false));
                accepted = await _client.Ask<WireAccepted>(HttpMethod.Post, "api/v1/messages", () => Json(body), key, cancellation)
                                        .ConfigureAwait(false);
            }
            catch (ProblemException refused)
            {
                return AllRejected(mail, refused.BadAddresses() ?? throw refused.Shown());
            }
            return await Follow(mail, accepted, cancellation).ConfigureAwait(false);
        }

        // ---- handing it over ----

        private async Task<WireMessage> Compose(Mail mail, CancellationToken cancellation)
        {
            var message = new WireMessage
            {
                To = mail.To.ToList(),
                Company = string.IsNullOrEmpty(_options.Company) ? null : _options.Company,
                Subject = mail.Subject.Length > 0 ? mail.Subject : null,
                Text = mail.Text,
                Html = mail.Html,
                Template = mail.Template,
                Language = mail.Template != null && mail.Language.Length > 0 ? mail.Language : null,
                Kind = _options.Bulk ? "marketing" : null,
                Account = _options.Account,
                Variables = mail.Variables.ToDictionary(variable => variable.Key, variable => variable.Value)
            };
            if (mail.Files.Count > 0)
                message.Attachments = new List<WireAttachment>();
            foreach (var file in mail.Files)
                message.Attachments.Add(await Upload(file, cancellation).ConfigureAwait(false));
            return message;
        }

        /// <summary>Goes out as it is read, whatever its size.</summary>
        private async Task<WireAttachment> Upload(string file, CancellationToken cancellation)
        {
            var name = Path.GetFileName(file);
            var path = "api/v1/uploads?name=" + Uri.EscapeDataString(name)
                + (string.IsNullOrEmpty(_options.Company) ? "" : "&company=" + Uri.EscapeDataString(_options.Company));
            Open(file).Dispose();
            var upload = await _client.Ask<WireUpload>(HttpMethod.Post, path, () => Bytes(Open(file)), null, cancellation)
                                      .ConfigureAwait(false);
            return new WireAttachment { UploadId = upload.Id, Name = name };
        }

        private static Stream Open(string file)
        {
            try
            {
                return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 65536, FileOptions.Asynchronous);
            }
            catch (Exception failure) when (failure is IOException || failure is UnauthorizedAccessException || failure is ArgumentException)
            {
                throw new MailEnhanceException("FILE", $"{file}: {failure.Message}", failure);
            }
        }

        private static HttpContent Bytes(Stream stream)
        {
            var content = new StreamContent(stream, 65536);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            return content;
        }

        private static HttpContent Json(byte[] body)
        {
            var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            return content;
        }

        private static MailResult AllRejected(Mail mail, IReadOnlyDictionary<int, string> reasons)
        {
            return new MailResult(reasons.Select(reason => RecipientResult.Rejected(mail.To[reason.Key], reason.Value)).Concat(mail.Rejected));
        }

        // ---- following it: from here on nothing is thrown, for the caller would send again what is on its way ----

        private async Task<MailResult> Follow(Mail mail, WireAccepted accepted, CancellationToken cancellation)
        {
            var path = "api/v1/messages/" + accepted.Id;
            var warnings = new List<string>(accepted.Warnings ?? new List<string>());
            var results = (accepted.Rejected ?? new List<WireRejected>())
                .Select(one => RecipientResult.Rejected(one.Address, one.Error)).Concat(mail.Rejected).ToList();
            var isTold = false;
            try
            {
                var isOver = await IsOver(path, _options.WaitFor, cancellation).ConfigureAwait(false);
                if (!isOver && cancellation.IsCancellationRequested)
                {
                    await Cancel(path).ConfigureAwait(false);
                    await IsOver(path, CancelGrace, CancellationToken.None).ConfigureAwait(false);
                }
                results.AddRange(await Recipients(path).ConfigureAwait(false));
                isTold = true;
            }
            catch (ProblemException refused)
            {
                warnings.Add(refused.Shown().Message);
            }
            catch (Exception failure)
            {
                warnings.Add(failure.Message);
            }
            if (!isTold)
                results.AddRange(mail.To.Where((_, index) => accepted.Rejected?.Any(one => one.Index == index) != true)
                                        .Select(address => new RecipientResult { Address = address, Status = MailStatus.Queued }));
            return new MailResult(results, accepted.Id, warnings);
        }

        /// <summary>Waits for the job's end, at most so long and until the call is cancelled.</summary>
        private async Task<bool> IsOver(string path, TimeSpan most, CancellationToken cancellation)
        {
            var clock = Stopwatch.StartNew();
            for (var look = FirstLook; clock.Elapsed < most && !cancellation.IsCancellationRequested; look += look)
            {
                var job = await _client.Ask<WireJob>(HttpMethod.Get, path, null, null, CancellationToken.None).ConfigureAwait(false);
                if (job.Counts.Queued + job.Counts.Deferred == 0)
                    return true;
                // Only that it ended is of interest, not how.
                await Task.WhenAny(Task.Delay(look < LongestLook ? look : LongestLook, cancellation)).ConfigureAwait(false);
            }
            return false;
        }

        private async Task Cancel(string path)
        {
            try
            {
                await _client.Ask<WireJob>(HttpMethod.Post, path + "/cancel", null, null, CancellationToken.None).ConfigureAwait(false);
            }
            catch (ProblemException refused) when (refused.Kind == "conflict")
            {
                // It ended in the meantime.
            }
        }

        private async Task<List<RecipientResult>> Recipients(string path)
        {
            var found = new List<RecipientResult>();
            string cursor = null;
            do
            {
                var page = await _client.Ask<WirePage>(HttpMethod.Get, path + "/recipients?limit=1000"
                    + (cursor == null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)), null, null, CancellationToken.None)
                    .ConfigureAwait(false);
                found.AddRange(page.Items.Select(Result));
                cursor = page.Next;
            } while (cursor != null);
            return found;
        }

        private static RecipientResult Result(WireRecipient one)
        {
            var last = new MailAttempt
            {
                Account = one.Account,
                Code = one.Code,
                EnhancedCode = one.Enhanced ?? "",
                Reply = one.Reply ?? "",
                Advice = one.Advice ?? ""
            };
            return new RecipientResult
            {
                Address = one.Address,
                Status = MailStatuses.Of(one.Status),
                MessageId = one.MessageId,
                Attempts = one.Attempts > 0 ? new[] { last } : new MailAttempt[0],
                AttemptCount = one.Attempts,
                Reason = last.ToString()
            };
        }
    }
}

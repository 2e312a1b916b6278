using System;
using System.Collections.Generic;
using System.Linq;

namespace MailEnhanceService
{
    public enum MailStatus
    {
        /// <summary>A server took the mail over.</summary>
        Sent,
        /// <summary>Refused for good.</summary>
        Failed,
        /// <summary>Not sent now. The service goes on trying; the library leaves that to the caller.</summary>
        Deferred,
        /// <summary>Handed over whole, and no answer came: it may have arrived. Sending it again may deliver it twice.</summary>
        InDoubt,
        /// <summary>The service keeps it safely and will send it.</summary>
        Queued,
        /// <summary>Not sent, because the call or the job was cancelled.</summary>
        Cancelled,
        /// <summary>No address that mail can be sent to.</summary>
        Rejected
    }

    /// <summary>One try through one account.</summary>
    public sealed class MailAttempt
    {
        /// <summary>The account's name; null when none was asked.</summary>
        public string Account { get; internal set; }
        /// <summary>Where it ended: "auth", "rcpt" …; "" where the service does not tell.</summary>
        public string Step { get; internal set; } = "";
        /// <summary>The server's reply: 250, 535 …; 0 when there was none.</summary>
        public int Code { get; internal set; }
        /// <summary>"5.7.8"; "" when there was none.</summary>
        public string EnhancedCode { get; internal set; } = "";
        /// <summary>The reply's text, or what happened.</summary>
        public string Reply { get; internal set; } = "";
        /// <summary>What to do about it; "" when there is no advice.</summary>
        public string Advice { get; internal set; } = "";

        public override string ToString()
        {
            var words = new[] { Account == null ? "" : Account + ":", Code == 0 ? "" : Code.ToString(), EnhancedCode, Reply,
                                Advice.Length == 0 ? "" : "(" + Advice + ")" };
            return string.Join(" ", words.Where(word => word.Length > 0));
        }
    }

    /// <summary>What became of one address.</summary>
    public sealed class RecipientResult
    {
        private static readonly MailAttempt None = new MailAttempt();

        /// <summary>As it was used; a rejected one as it was given.</summary>
        public string Address { get; internal set; }
        public MailStatus Status { get; internal set; }
        public bool Succeeded => Status == MailStatus.Sent;
        /// <summary>With its angle brackets; null before a mail was made.</summary>
        public string MessageId { get; internal set; }
        /// <summary>Oldest first. The service tells of the last one alone; see <see cref="AttemptCount"/>.</summary>
        public IReadOnlyList<MailAttempt> Attempts { get; internal set; } = new MailAttempt[0];
        public int AttemptCount { get; internal set; }
        /// <summary>Why it stands as it does: the last answer with its advice, or what is wrong with the address.</summary>
        public string Reason { get; internal set; } = "";

        /// <summary>The last attempt's account; null when there was none.</summary>
        public string Account => Last.Account;
        /// <summary>The last answer's code; 0 when there was none.</summary>
        public int Code => Last.Code;

        private MailAttempt Last => Attempts.Count > 0 ? Attempts[Attempts.Count - 1] : None;

        internal static RecipientResult Rejected(string address, string reason)
        {
            return new RecipientResult { Address = address, Status = MailStatus.Rejected, Reason = reason };
        }

        public override string ToString() => $"{Address}: {Status}" + (Reason.Length > 0 ? ", " + Reason : "");
    }

    /// <summary>What became of a call: one entry for each address, in no particular order; one that was given twice counts
    /// once.</summary>
    public sealed class MailResult
    {
        internal MailResult(IEnumerable<RecipientResult> recipients, string jobId = null, IEnumerable<string> warnings = null)
        {
            Recipients = recipients.ToArray();
            JobId = jobId;
            Warnings = (warnings ?? new string[0]).ToArray();
        }

        public IReadOnlyList<RecipientResult> Recipients { get; }
        /// <summary>Every address was sent to. What is only queued has not been.</summary>
        public bool Succeeded => Recipients.Count > 0 && Recipients.All(one => one.Succeeded);
        /// <summary>The service's job; null without a service.</summary>
        public string JobId { get; }
        public IReadOnlyList<string> Warnings { get; }

        /// <summary>So that <c>bool success = await service.RunAsync(…)</c> of old callers goes on to compile; now it is true.</summary>
        public static implicit operator bool(MailResult result) => result != null && result.Succeeded;

        public override string ToString() => string.Join(Environment.NewLine, Recipients);
    }
}

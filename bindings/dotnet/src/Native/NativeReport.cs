using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace MailEnhanceService.Native
{
    /// <summary>A report of the library as managed objects.</summary>
    internal static class NativeReport
    {
        internal static List<RecipientResult> Read(IntPtr report, MailLanguage language)
        {
            var results = new List<RecipientResult>();
            var count = (ulong)NativeMethods.mes_report_count(report);
            for (ulong i = 0; i < count; i++)
                results.Add(ReadResult(NativeMethods.mes_report_result(report, (UIntPtr)i), language));
            return results;
        }

        private static RecipientResult ReadResult(IntPtr place, MailLanguage language)
        {
            var result = Marshal.PtrToStructure<Result>(place);
            var attempts = new List<MailAttempt>();
            for (ulong i = 0; i < (ulong)result.AttemptCount; i++)
                attempts.Add(ReadAttempt(NativeMethods.mes_result_attempt(place, (UIntPtr)i), language));
            return new RecipientResult
            {
                Address = Utf8.Read(result.Recipient),
                Status = MailStatuses.Of(Utf8.Read(NativeMethods.mes_status_name(result.Status))),
                MessageId = Utf8.Read(result.MessageId),
                Attempts = attempts,
                AttemptCount = attempts.Count,
                Reason = attempts.Count > 0 ? attempts[attempts.Count - 1].ToString() : ""
            };
        }

        private static MailAttempt ReadAttempt(IntPtr place, MailLanguage language)
        {
            var attempt = Marshal.PtrToStructure<Attempt>(place);
            return new MailAttempt
            {
                Account = Utf8.Read(attempt.Account),
                Step = Utf8.Read(NativeMethods.mes_step_name(attempt.Step)),
                Code = attempt.Code,
                EnhancedCode = Utf8.Read(attempt.Enhanced),
                Reply = Utf8.Read(attempt.Reply),
                Advice = Utf8.Read(NativeMethods.mes_advice_text(attempt.AdviceId, language))
            };
        }
    }
}

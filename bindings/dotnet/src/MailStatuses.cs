namespace MailEnhanceService
{
    /// <summary>The library and the service use the same words.</summary>
    internal static class MailStatuses
    {
        internal static MailStatus Of(string word)
        {
            switch (word)
            {
                case "sent": return MailStatus.Sent;
                case "failed": return MailStatus.Failed;
                case "deferred": return MailStatus.Deferred;
                case "in_doubt": return MailStatus.InDoubt;
                case "queued": return MailStatus.Queued;
                case "cancelled": return MailStatus.Cancelled;
                default: throw new MailEnhanceException("INTERNAL", $"\"{word}\" is no status that this program knows. Update it.");
            }
        }
    }
}

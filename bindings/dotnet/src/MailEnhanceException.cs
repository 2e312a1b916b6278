using System;

namespace MailEnhanceService
{
    /// <summary>Nothing was sent: settings, content or the way to the library or service are at fault. What became of single
    /// addresses is never an exception but part of a <see cref="MailResult"/>.</summary>
    public sealed class MailEnhanceException : Exception
    {
        public MailEnhanceException(string code, string message, Exception inner = null) : base(message, inner)
        {
            Code = code;
        }

        /// <summary>For programs: a name of mes/error.def ("CONFIG", "INPUT", "NOT_FOUND" …), "LIBRARY" when the library is missing
        /// or too old, "UNREACHABLE" when the service does not answer, or the kind of the service's problem ("no-valid-key").</summary>
        public string Code { get; }
    }
}

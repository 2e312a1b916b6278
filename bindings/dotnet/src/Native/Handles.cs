using System;
using System.Runtime.InteropServices;

namespace MailEnhanceService.Native
{
    /// <summary>Each frees what it holds, once, whatever happens.</summary>
    internal abstract class Handle : SafeHandle
    {
        protected Handle() : base(IntPtr.Zero, true)
        {
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected abstract void Free(ref IntPtr held);

        protected override bool ReleaseHandle()
        {
            Free(ref handle);
            return true;
        }
    }

    internal sealed class ErrorHandle : Handle
    {
        protected override void Free(ref IntPtr held) => NativeMethods.mes_error_free(ref held);
    }

    internal sealed class AccountListHandle : Handle
    {
        protected override void Free(ref IntPtr held) => NativeMethods.mes_account_list_free(ref held);
    }

    /// <summary>Freed on the thread that drives it, and before its list.</summary>
    internal sealed class SenderHandle : Handle
    {
        protected override void Free(ref IntPtr held) => NativeMethods.mes_sender_free(ref held);
    }

    internal sealed class MessageHandle : Handle
    {
        protected override void Free(ref IntPtr held) => NativeMethods.mes_message_free(ref held);
    }
}
